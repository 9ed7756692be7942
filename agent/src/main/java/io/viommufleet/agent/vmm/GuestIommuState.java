package io.viommufleet.agent.vmm;

import java.util.Map;

/** What a vIOMMU sends in a migration: the guest's own registers and tables, never anything of the host. */
sealed interface GuestIommuState {
    /** An intel-iommu in scalable mode. */
    record ScalableVtd(VtdTables tables) implements GuestIommuState {}

    /**
     * A vIOMMU that is shadowed.
     *
     * @param enabled whether it translates
     * @param spaces by guest address space
     */
    record Shadowed(boolean enabled, Map<String, Space> spaces) implements GuestIommuState {
        /** Keeps a copy. */
        public Shadowed {
            spaces = Map.copyOf(spaces);
        }
    }

    /** One address space of a vIOMMU that is shadowed. */
    record Space(ShadowSpace.Use use, ShadowTable table) {}
}
