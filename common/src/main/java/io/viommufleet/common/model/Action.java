package io.viommufleet.common.model;

import java.util.Optional;

/** What an operator asks of the controller. */
public sealed interface Action {
    /** The word for it on the log and on the command line. */
    String word();

    /** Takes no new VMs on a host; those that are there stay. */
    record Cordon(String host) implements Action {
        public Cordon {
            Names.requireHost(host);
        }

        @Override
        public String word() {
            return "cordon";
        }
    }

    /** Ends a cordon. */
    record Uncordon(String host) implements Action {
        public Uncordon {
            Names.requireHost(host);
        }

        @Override
        public String word() {
            return "uncordon";
        }
    }

    /**
     * Cordons a host and moves its VMs elsewhere, each as by {@link Migrate}.
     *
     * @param mode how each VM moves
     * @param parallel how many move at once; empty for the limit of the cell
     */
    record Drain(String host, MigrationMode mode, Optional<Integer> parallel) implements Action {
        public Drain {
            Names.requireHost(host);
            if (parallel.filter(most -> most < 1).isPresent()) {
                throw new IllegalArgumentException(
                        "parallel is %d; at least 1 VM moves at once".formatted(parallel.get()));
            }
        }

        @Override
        public String word() {
            return "drain";
        }
    }

    /**
     * Moves a VM to another host.
     *
     * @param to the host; empty for the best one
     * @param mode live, or cold
     */
    record Migrate(String vm, Optional<String> to, MigrationMode mode) implements Action {
        public Migrate {
            Names.requireName("VM name", vm);
            to.ifPresent(Names::requireHost);
        }

        @Override
        public String word() {
            return "migrate";
        }
    }

    /** Starts the VMs of a lost host elsewhere; only once its boot is known to be over. */
    record Evacuate(String host) implements Action {
        public Evacuate {
            Names.requireHost(host);
        }

        @Override
        public String word() {
            return "evacuate";
        }
    }

    /**
     * Declares the present boot of a host to be over: nothing of it is believed or commanded any more.
     *
     * @param confirmed the operator has seen that the host is off; without it, a host whose agent still lives is not fenced
     */
    record Fence(String host, boolean confirmed) implements Action {
        public Fence {
            Names.requireHost(host);
        }

        @Override
        public String word() {
            return "fence";
        }
    }

    /**
     * Ends a quarantine.
     *
     * @param group the iommu group; empty for the host and all its groups
     */
    record Release(String host, Optional<Integer> group) implements Action {
        public Release {
            Names.requireHost(host);
        }

        @Override
        public String word() {
            return "release";
        }
    }

    /** Ends another operation; what it has moved stays moved, what is moving goes back. */
    record Cancel(String operation) implements Action {
        public Cancel {
            Names.requireName("operation id", operation);
        }

        @Override
        public String word() {
            return "cancel";
        }
    }

    /** Lets the cell act on lost hosts again after its breaker opened. */
    record ResetBreaker() implements Action {
        @Override
        public String word() {
            return "reset-breaker";
        }
    }

    /**
     * Lets the cell write what a feature level brings. There is no way back.
     *
     * @param level see {@link FeatureLevel}
     */
    record FinalizeFeatureLevel(int level) implements Action {
        @Override
        public String word() {
            return "finalize-feature-level";
        }
    }

    /** How a VM moves. */
    enum MigrationMode {
        /** While its guest runs; refused where anything blocks it. */
        LIVE,
        /** Its guest is stopped on the source before it is started on the target. */
        COLD
    }

    /** In words: {@code drain spr-01}. */
    default String words() {
        return switch (this) {
            case Cordon(String host) -> "cordon " + host;
            case Uncordon(String host) -> "uncordon " + host;
            case Drain drain -> "drain %s (%s)".formatted(drain.host(), text(drain.mode()));
            case Migrate move ->
                "migrate %s%s (%s)"
                        .formatted(move.vm(), move.to().map(" to "::concat).orElse(""), text(move.mode()));
            case Evacuate(String host) -> "evacuate " + host;
            case Fence(String host, boolean confirmed) -> "fence " + host + (confirmed ? " (confirmed)" : "");
            case Release(String host, Optional<Integer> group) ->
                "release " + host + group.map(" group %d"::formatted).orElse("");
            case Cancel(String operation) -> "cancel " + operation;
            case ResetBreaker() -> "reset the breaker";
            case FinalizeFeatureLevel(int level) -> "finalize feature level " + level;
        };
    }

    private static String text(MigrationMode mode) {
        return mode == MigrationMode.LIVE ? "live" : "cold";
    }
}
