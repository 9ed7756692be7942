package io.viommufleet.common.feasibility;

import java.util.Optional;

/** Whether a host can do one thing, and if not, why not in words that an operator can act on. */
public sealed interface Capability {
    /** It can. */
    record Can() implements Capability {
        private static final Can INSTANCE = new Can();
    }

    /**
     * It cannot.
     *
     * @param reason what is missing, naming the register field or kernel option
     */
    record Cannot(String reason) implements Capability {}

    /** The capability that is there. */
    static Capability can() {
        return Can.INSTANCE;
    }

    /** The capability that is not there, for {@code reason}. */
    static Capability cannot(String reason) {
        return new Cannot(reason);
    }

    /** {@link #can()} when {@code condition} holds, else {@link #cannot} with {@code reason}. */
    static Capability when(boolean condition, String reason) {
        return condition ? can() : cannot(reason);
    }

    /** Whether it can. */
    default boolean available() {
        return this instanceof Can;
    }

    /** Why it cannot; empty when it can. */
    default Optional<String> whyNot() {
        return this instanceof Cannot(String reason) ? Optional.of(reason) : Optional.empty();
    }

    /** This one if it cannot, else {@code next}: the first obstacle is the one to name. */
    default Capability and(Capability next) {
        return available() ? next : this;
    }
}
