package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.MigrationReport;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The VMM's part in migrating one VM: dirty pages and guest state on the source, replay of that state on the target. Whether the VM may migrate at all is
 * {@link io.viommufleet.common.feasibility.MigrationCheck}'s to say.
 */
public final class VmMigration {
    private static final int MOST_PASSES = 3;
    private static final long PAGE_BYTES = 4096;

    private final VmProcess vm;

    VmMigration(VmProcess vm) {
        this.vm = vm;
    }

    /** On the source: starts to track what devices write. A failure changes nothing. */
    public Optional<GuestReport.Failure> startDirtyTracking() {
        return vm.dirtyTracking().start();
    }

    /** On the source: what was written since the last pass, or since the start. */
    public DirtyPass dirtyPages() {
        return vm.dirtyTracking().pass();
    }

    /** On the source: ends the tracking. */
    public void stopDirtyTracking() {
        vm.dirtyTracking().stop();
    }

    /** On the source: tracking on, passes until one finds nothing or there were enough of them, tracking off. */
    MigrationReport handOver() {
        Optional<GuestReport.Failure> refused = startDirtyTracking();
        if (refused.isPresent()) {
            return new MigrationReport(0, 0, refused.map(VmMigration::told));
        }
        int passes = 0;
        DirtyPass pass;
        do {
            passes++;
            pass = dirtyPages();
        } while (passes < MOST_PASSES
                && !pass.pages().isEmpty()
                && pass.failure().isEmpty());
        stopDirtyTracking();
        return new MigrationReport(
                passes, pass.pages().cardinality() * PAGE_BYTES, pass.failure().map(VmMigration::told));
    }

    private static AttachFailure told(GuestReport.Failure failure) {
        return new AttachFailure(AttachStep.HAND_OVER, failure.ioctl(), failure.errno(), failure.reason());
    }

    /** On the source, with the guest stopped: what its vIOMMUs send. Those that cannot be migrated send nothing. */
    public GuestState save() {
        Map<Integer, GuestIommuState> states = new HashMap<>();
        vm.viommus()
                .forEach((index, instance) ->
                        instance.guest().flatMap(GuestIommu::save).ifPresent(state -> states.put(index, state)));
        return new GuestState(states);
    }

    /**
     * On the target, with all devices attached: makes the same kernel objects from the guest's state as the source had (QEMU post_load, which replays all
     * PASID bindings).
     *
     * @return why it failed; everything is then as before
     */
    public Optional<GuestReport.Failure> load(GuestState state) {
        return new GuestActivity(vm).attempt(activity -> {
            for (Map.Entry<Integer, GuestIommuState> entry : state.viommus().entrySet()) {
                GuestIommu target = Optional.ofNullable(vm.viommus().get(entry.getKey()))
                        .flatMap(ViommuInstance::guest)
                        .orElseThrow(() -> GuestFailure.refused(
                                "viommus[%d] of the source has no device here".formatted(entry.getKey())));
                target.load(entry.getValue(), activity);
            }
        });
    }
}
