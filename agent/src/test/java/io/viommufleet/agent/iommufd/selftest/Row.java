package io.viommufleet.agent.iommufd.selftest;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/** A row of a conformance table: a state, a call, and what the kernel answers. */
sealed interface Row {
    /** Number of the row: 1 to 317 as in the kernel's selftests, C1 to C70 as read in its code. */
    String id();

    /** What the row says, in short. */
    String text();

    /**
     * A row that the emulation is held to.
     *
     * @param id of the row
     * @param text of the row
     * @param body builds the state, makes the call, checks the answer
     */
    record Held(String id, String text, Body body) implements Row {}

    /**
     * A row that the emulation cannot be held to.
     *
     * @param id of the row
     * @param text of the row
     * @param reason why not
     */
    record NotHeld(String id, String text, String reason) implements Row {}

    /** What a row does with a fresh kernel. */
    @FunctionalInterface
    interface Body {
        /** Does it. */
        void run(Fixture kernel) throws KernelFailure;
    }

    /** A row of the kernel's selftests. */
    static Row row(int number, String text, Body body) {
        return new Held(String.valueOf(number), text, body);
    }

    /** A row that was read in the kernel's code. */
    static Row codeRow(int number, String text, Body body) {
        return new Held("C" + number, text, body);
    }
}
