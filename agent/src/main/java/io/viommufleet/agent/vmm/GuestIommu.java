package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.GuestStep;
import java.util.Optional;

/** The host's side of one vIOMMU: turns what the guest changes in it into kernel calls. */
interface GuestIommu {
    /** Whether a device is behind it. */
    boolean has(String device);

    /** A device was attached behind it. */
    void add(Endpoint endpoint);

    /**
     * Does a step that is about the whole VM or about a device behind this vIOMMU. All that it changes is taken back if the step fails later.
     *
     * @throws GuestFailure if the step fails
     */
    void run(GuestStep step, GuestActivity activity) throws GuestFailure;

    /** What it sends in a migration; empty where it cannot be migrated. */
    Optional<GuestIommuState> save();

    /** Takes over what the same vIOMMU sent on another host, and makes the kernel objects that it calls for. */
    void load(GuestIommuState state, GuestActivity activity) throws GuestFailure;

    /** A device goes, after it was moved to its default HWPT: frees what was made for it. Unknown ones are fine. */
    void remove(String device, UndoStack stack);
}
