package io.viommufleet.common.model;

/**
 * A request of an operator. What became of it is an {@link OperationProgress} under the same id.
 *
 * @param id chosen by who asks, unique for ever
 * @param cell that it is for
 * @param action what is asked
 */
public record Operation(String id, int cell, Action action) implements FleetRecord {
    public Operation {
        Names.requireName("operation id", id);
        if (id.startsWith(PolicyState.KEY_PREFIX) || id.equals(Breaker.KEY)) {
            throw new IllegalArgumentException("'%s' is a reserved operation id".formatted(id));
        }
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.OPERATIONS;
    }

    @Override
    public String key() {
        return id;
    }
}
