package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Operation;
import java.security.SecureRandom;

/** Names operations: what, at what, and enough chance that no two are called alike. */
final class OperationIds {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int MAX_TARGET = 200;
    private static final int SUFFIX_BITS = 32;

    private OperationIds() {}

    /**
     * A new operation.
     *
     * @param target what it acts on, such as a host; empty for the cell
     */
    static Operation operation(int cell, String target, Action action) {
        String about = target.isEmpty() ? "cell-" + cell : target.substring(0, Math.min(MAX_TARGET, target.length()));
        String suffix = "%08x".formatted(RANDOM.nextLong() & ((1L << SUFFIX_BITS) - 1));
        return new Operation("%s-%s-%s".formatted(action.word(), about, suffix), cell, action);
    }
}
