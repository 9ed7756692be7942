package io.viommufleet.controller.cell;

import io.viommufleet.common.model.HostState;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who is there: judges the silence of every admitted agent against the time-outs, and says whose judgement has changed. Soft,
 * as the contacts are.
 */
final class Liveness {
    private static final long SWEEP_NANOS = Duration.ofSeconds(1).toNanos();

    private final CellState state;
    private final Contacts contacts;
    private final CellSettings settings;
    private final Map<String, Judgement> judged = new HashMap<>();
    private Optional<Long> sweptNanos = Optional.empty();

    /** How silent the admitted agent of a host is. */
    enum Judgement {
        LIVE,
        /** Longer than the agents' time-out. */
        SILENT,
        /** So long that its lease and the margin are over. */
        GONE,
        /** No agent is admitted. */
        UNKNOWN
    }

    Liveness(CellState state, Contacts contacts, CellSettings settings) {
        this.state = state;
        this.contacts = contacts;
        this.settings = settings;
    }

    Judgement of(String host) {
        return judged.computeIfAbsent(host, this::judge);
    }

    private Judgement judge(String host) {
        Owned<HostState> known = state.hostStates().get(host);
        return Optional.ofNullable(known)
                .flatMap(owned -> owned.value().admitted())
                .map(life -> judge(contacts.silentNanos(life.incarnation())))
                .orElse(Judgement.UNKNOWN);
    }

    private Judgement judge(long silentNanos) {
        if (silentNanos >= settings.lossTimeout().toNanos()) {
            return Judgement.GONE;
        }
        return silentNanos >= settings.agentTimeout().toNanos() ? Judgement.SILENT : Judgement.LIVE;
    }

    /** Judges a host anew, because of what is known of it now. */
    void refresh(String host) {
        judged.put(host, judge(host));
    }

    /** Judges every host anew, once a second; gives those whose judgement is another now. */
    List<String> sweep(long nowNanos) {
        if (sweptNanos.filter(last -> nowNanos - last < SWEEP_NANOS).isPresent()) {
            return List.of();
        }
        sweptNanos = Optional.of(nowNanos);
        return state.inventories().keySet().stream()
                .filter(host -> {
                    Judgement now = judge(host);
                    return judged.put(host, now) != now;
                })
                .sorted()
                .toList();
    }

    /** Hosts with an admitted agent that is silent, in order of name. */
    List<String> silent() {
        return judged.entrySet().stream()
                .filter(entry -> entry.getValue() == Judgement.SILENT || entry.getValue() == Judgement.GONE)
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    /** How many hosts have an admitted agent. */
    long admitted() {
        return judged.values().stream()
                .filter(judgement -> judgement != Judgement.UNKNOWN)
                .count();
    }
}
