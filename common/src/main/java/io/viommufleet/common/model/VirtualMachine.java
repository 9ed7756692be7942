package io.viommufleet.common.model;

/**
 * A request: the VM that a user wants, exactly as written. It changes the truth only when a controller admits it into a
 * {@link Placement}.
 */
public record VirtualMachine(Metadata metadata, VmSpec spec) implements FleetRecord {
    public VirtualMachine {
        Names.requireName("VM name", metadata.name());
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.VMS;
    }

    @Override
    public String key() {
        return metadata.name();
    }
}
