package io.viommufleet.controller.lifecycle;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Placement.Attempt;
import io.viommufleet.common.model.Placement.FailureKind;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Whose fault a failed attach was, and whether another attempt is worth it. */
public final class Failures {
    /** Attempts after which a VM is Failed. */
    public static final int MAX_ATTEMPTS = 5;

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final Set<String> TRANSIENT = Set.of("EAGAIN", "EBUSY", "EINTR", "ENOMEM");
    private static final Set<String> CONFIGURATION =
            Set.of("EADDRINUSE", "EINVAL", "ENOENT", "ENOTTY", "EOPNOTSUPP", "EPERM", "ERANGE", "E2BIG");

    private Failures() {}

    /** Reads the kind off the errno; a check of the VMM, which has none, speaks of the configuration. */
    public static FailureKind kind(AttachFailure failure) {
        return failure.errno()
                .map(errno -> TRANSIENT.contains(errno)
                        ? FailureKind.TRANSIENT
                        : CONFIGURATION.contains(errno) ? FailureKind.CONFIGURATION : FailureKind.DEVICE)
                .orElse(FailureKind.CONFIGURATION);
    }

    /**
     * Whether a VM whose last attempt has just failed is tried again. A pinned one is not where its one host would only say the
     * same again.
     */
    public static boolean worthAnother(Placement placement, List<Attempt> attempts) {
        return attempts.size() < MAX_ATTEMPTS
                && !(placement.spec().placement().pinned() && attempts.getLast().kind() == FailureKind.CONFIGURATION);
    }

    /** How long to wait before the next attempt: a second after the first, twice as long after each, half a minute at most. */
    public static Duration pause(List<Attempt> attempts) {
        Duration pause = FIRST_PAUSE;
        for (int n = 1; n < attempts.size() && pause.compareTo(LONGEST_PAUSE) < 0; n++) {
            pause = pause.multipliedBy(2);
        }
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }

    /** The hosts to leave out: all on which an attempt failed, or only those that would say the same again. */
    public static Set<String> failedOn(List<Attempt> attempts, boolean forGood) {
        Set<String> hosts = new HashSet<>();
        attempts.stream()
                .filter(attempt -> !forGood || attempt.kind() == FailureKind.CONFIGURATION)
                .forEach(attempt -> hosts.add(attempt.host()));
        return hosts;
    }
}
