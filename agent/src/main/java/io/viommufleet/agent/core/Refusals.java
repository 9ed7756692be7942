package io.viommufleet.agent.core;

import io.viommufleet.agent.core.AgentEvent.UnreadableRead;
import io.viommufleet.common.model.Rejected;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which refused records this agent must say so about, once each.
 *
 * <p>All agents of a partition read the same bad records. A record is its owner's to reject: the host that its key names. One
 * whose owner was never admitted falls to the first, by name, of the hosts that the leader has admitted in the partition;
 * every agent reads the same admissions, so that they agree. What has been rejected is known by offset, across restarts too.
 */
final class Refusals {
    private static final int MOST_WAITING = 10_000;

    private final String host;
    private final TreeSet<String> admittedHosts = new TreeSet<>();
    private final List<UnreadableRead> ownerless = new ArrayList<>();
    private final Set<LogPosition> said = new HashSet<>();

    Refusals(String host) {
        this.host = host;
    }

    void admitted(String admittedHost) {
        admittedHosts.add(admittedHost);
    }

    void replay(JournalEntry.Refused fact) {
        said.add(new LogPosition(fact.partition(), fact.offset()));
    }

    /** A refused record that this host owns; empty when it was rejected before. */
    Optional<Rejected> own(UnreadableRead refused) {
        return said.contains(refused.position())
                ? Optional.empty()
                : Optional.of(refused.position().reject(refused.key(), refused.reason(), refused.head()));
    }

    /** A record that cannot be read: rejected now, or kept until it is known whose it is. */
    Optional<Rejected> unreadable(UnreadableRead refused) {
        if (refused.owner().filter(host::equals).isPresent()) {
            return own(refused);
        }
        if (ownerless.size() < MOST_WAITING) {
            ownerless.add(refused);
        }
        return Optional.empty();
    }

    /** The ownerless records that fall to this host; to be asked once the whole log is known. */
    List<Rejected> ownerless() {
        if (admittedHosts.isEmpty()) {
            return List.of();
        }
        List<UnreadableRead> waiting = List.copyOf(ownerless);
        ownerless.clear();
        return admittedHosts.getFirst().equals(host)
                ? waiting.stream()
                        .filter(refused ->
                                refused.owner().filter(admittedHosts::contains).isEmpty())
                        .flatMap(refused -> own(refused).stream())
                        .toList()
                : List.of();
    }
}
