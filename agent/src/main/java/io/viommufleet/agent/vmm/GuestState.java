package io.viommufleet.agent.vmm;

import java.util.Map;

/** The guest-visible state of a VM's vIOMMUs at one moment, as a migration carries it from host to host. Values of {@link VmMigration#save}. */
public final class GuestState {
    private final Map<Integer, GuestIommuState> viommus;

    GuestState(Map<Integer, GuestIommuState> viommus) {
        this.viommus = Map.copyOf(viommus);
    }

    /** By index of the vIOMMU in the canonical configuration. */
    Map<Integer, GuestIommuState> viommus() {
        return viommus;
    }
}
