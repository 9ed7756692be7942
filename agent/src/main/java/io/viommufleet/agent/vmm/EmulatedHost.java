package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.FaultInjector;
import io.viommufleet.agent.iommufd.ObjectSnapshot;
import io.viommufleet.agent.trace.TraceBook;
import io.viommufleet.common.feasibility.AttachPreconditions;
import io.viommufleet.common.feasibility.DeviceFacts;
import io.viommufleet.common.feasibility.Feasibility;
import io.viommufleet.common.feasibility.FeasibilityRequest;
import io.viommufleet.common.feasibility.GuestMemory;
import io.viommufleet.common.feasibility.HwptChoice;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.MigrationReport;
import io.viommufleet.common.model.TracePiece;
import io.viommufleet.common.viommu.DeviceBackend;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One boot of an emulated host: a kernel with the IOMMU drivers that its inventory's registers call for, and a VMM for every VM that holds a device.
 * A host that reboots is a new object.
 */
public final class EmulatedHost implements HostRuntime {
    /** What the calls are made for that take a failed attach back. */
    public static final String UNDO = "UNDO";

    private HostInventory inventory;
    private final HostHardware hardware;
    private final MemoryLayout memoryLayout;
    private final HwptChoice hwptChoice;
    private final Map<String, VmProcess> vms = new TreeMap<>();
    private final Set<Bdf> lost = new TreeSet<>();
    private @Nullable TraceBook traces;
    private FaultPlan faults = new FaultPlan(List.of());

    /** A host that has just booted. */
    public EmulatedHost(HostInventory inventory) {
        this(inventory, GuestMemory::sections, HwptChoice.CURRENT);
    }

    /** A host whose VMM lays the memory of its VMs out in its own way. */
    public EmulatedHost(HostInventory inventory, MemoryLayout memoryLayout) {
        this(inventory, memoryLayout, HwptChoice.CURRENT);
    }

    /** A host whose VMM lays the memory of its VMs out, and chooses the flags of HWPTs, in its own way. */
    public EmulatedHost(HostInventory inventory, MemoryLayout memoryLayout, HwptChoice hwptChoice) {
        this.inventory = inventory;
        this.hwptChoice = hwptChoice;
        this.memoryLayout = memoryLayout;
        this.hardware = new HostHardware(inventory);
    }

    /** Its kernel, for observing calls and injecting faults. */
    public EmulatedKernel kernel() {
        return hardware.kernel();
    }

    @Override
    public AttachResult attach(VmAttachRequest request) {
        AttachResult result = tryAttach(request);
        noteCalls(request.vm());
        return result;
    }

    private AttachResult tryAttach(VmAttachRequest request) {
        AttachedVfioDevice present = attached(request.vm(), request.device());
        if (present != null) {
            return present.bdf().equals(request.bdf())
                    ? present.result()
                    : refused("device %s of VM %s is attached to %s already"
                            .formatted(request.device(), request.vm(), present.bdf()));
        }
        Optional<AttachFailure> early = AttachPreconditions.verify(request.decision(), inventory);
        if (early.isPresent()) {
            return new AttachResult.Failed(early.get());
        }
        return switch (hardware.lookUp(request.bdf()).orElseGet(() -> DeviceFacts.absent(inventory, request.bdf()))) {
            case DeviceFacts.Lookup.Missing(String reason) -> refused(reason);
            case DeviceFacts.Lookup.Found(DeviceFacts facts) ->
                AttachPreconditions.addressSpace(request.decision(), request.deviceDecision())
                        .or(() -> AttachPreconditions.openable(facts))
                        .<AttachResult>map(AttachResult.Failed::new)
                        .orElseGet(() ->
                                start(request, hardware.cdev(request.bdf()).orElseThrow()));
        };
    }

    @Override
    public DetachResult detach(String vm, String device) {
        return release(vm, device, UndoStack::release);
    }

    private DetachResult release(String vm, String device, Function<UndoStack, Optional<AttachFailure>> wayDown) {
        VmProcess process = vms.get(vm);
        AttachedVfioDevice held = process == null ? null : process.release(device);
        if (process == null || held == null) {
            return new DetachResult.Detached();
        }
        kernel().because(AttachStep.DETACH.name());
        Optional<AttachFailure> failure = wayDown.apply(held.undo());
        if (!held.undo().done()) {
            process.unclean().put(device, held);
        }
        endIfIdle(vm, process);
        noteCalls(vm);
        return failure.<DetachResult>map(DetachResult.Failed::new).orElseGet(DetachResult.Detached::new);
    }

    @Override
    public List<GuestReport> runGuest(String vm, List<GuestStep> script) {
        VmProcess process = vms.get(vm);
        if (process == null || !process.complete()) {
            return List.of();
        }
        List<GuestReport> reports = new GuestRunner(process).run(script);
        noteCalls(vm);
        return reports;
    }

    @Override
    public MigrationReport handOver(String vm) {
        kernel().because(AttachStep.HAND_OVER.name());
        MigrationReport report =
                migration(vm).map(VmMigration::handOver).orElseGet(() -> new MigrationReport(0, 0, Optional.empty()));
        noteCalls(vm);
        return report;
    }

    /** The VMM's part in migrating a VM; empty while it has no device here. */
    public Optional<VmMigration> migration(String vm) {
        return process(vm).map(VmMigration::new);
    }

    Optional<VmProcess> process(String vm) {
        return Optional.ofNullable(vms.get(vm));
    }

    @Override
    public List<LostDevice> follow(HostInventory latest) {
        inventory = latest;
        List<LostDevice> lost = new ArrayList<>();
        vms.forEach((vm, process) -> process.devices()
                .forEach((device, attached) -> whyLost(attached.bdf())
                        .ifPresent(reason -> lost.add(new LostDevice(vm, device, gone(reason))))));
        lost.forEach(one -> release(one.vm(), one.device(), UndoStack::unwind)); // what is gone is not reset
        Set<Bdf> held = new HashSet<>();
        vms.values().forEach(process -> {
            process.devices().values().forEach(attached -> held.add(attached.bdf()));
            process.unclean().values().forEach(unclean -> held.add(unclean.bdf()));
        });
        hardware.follow(latest, held);
        return lost;
    }

    /** Why a device that a VM has cannot stay with it; empty if it can. */
    private Optional<String> whyLost(Bdf bdf) {
        return inventory
                .device(bdf)
                .map(device -> device.boundToVfio() || inventory.assignable().contains(bdf)
                        ? Optional.<String>empty()
                        : Optional.of("%s was taken from the VM: its driver is %s now"
                                .formatted(bdf, device.driver().orElse("none"))))
                .orElseGet(() -> Optional.of("%s is gone from host %s"
                        .formatted(bdf, inventory.metadata().name())));
    }

    private static AttachFailure gone(String reason) {
        return new AttachFailure(AttachStep.OPEN_CDEV, Optional.empty(), Optional.of("ENODEV"), reason);
    }

    @Override
    public void disturb(List<HostFault> newFaults) {
        if (!faults.list().equals(newFaults)) {
            lost.addAll(faults.lost());
            faults = new FaultPlan(newFaults);
            kernel().inject(newFaults.isEmpty() ? FaultInjector.NONE : faults);
        }
    }

    @Override
    public long takeDelayNanos() {
        return faults.takeDelayNanos();
    }

    @Override
    public Set<Bdf> lostDevices() {
        lost.addAll(faults.lost());
        return Set.copyOf(lost);
    }

    @Override
    public void beginTraces() {
        TraceBook book = new TraceBook();
        traces = book;
        kernel().observe(book.recorder());
    }

    @Override
    public List<TracePiece> trace(AttachmentId id, long generation) {
        return traces == null ? List.of() : traces.trace(inventory, id, generation);
    }

    /** What was called since the last time was for one VM. */
    private void noteCalls(String vm) {
        if (traces != null) {
            traces.note(vm, vms.containsKey(vm));
        }
    }

    @Override
    public HostSnapshot snapshot() {
        List<HostSnapshot.AttachedDevice> attached = new ArrayList<>();
        Map<String, ObjectSnapshot> objects = new TreeMap<>();
        vms.forEach((vm, process) -> {
            process.devices()
                    .forEach((device, held) -> attached.add(new HostSnapshot.AttachedDevice(
                            vm,
                            device,
                            held.bdf(),
                            held.result().ioas(),
                            held.result().hwpt(),
                            held.nestingParent())));
            process.openIommufd().ifPresent(iommufd -> objects.put(vm, iommufd.snapshot()));
        });
        return new HostSnapshot(attached, objects, hardware.claimedGroups());
    }

    private AttachResult start(VmAttachRequest request, HostCdev cdev) {
        VmProcess process = vms.computeIfAbsent(request.vm(), vm -> {
            VmProcess started = new VmProcess(
                    hardware.kernel(),
                    memoryLayout.sections(request.decision().canonical(), request.memoryBytes()),
                    request.decision().devices().size(),
                    hwptChoice);
            started.frozen().putAll(request.resolvedValues());
            return started;
        });
        UndoStack undo = new UndoStack();
        try {
            boolean legacy = request.guestDevice().backend() == DeviceBackend.LEGACY;
            AttachResult.Attached result = legacy
                    ? new LegacyAttach(process, cdev, request, undo).run()
                    : new AttachPath(process, cdev, request, undo).run();
            boolean nesting =
                    result.hwpt().isPresent() && request.deviceDecision().nestingParent();
            process.devices().put(request.device(), new AttachedVfioDevice(request.bdf(), nesting, result, undo));
            return result;
        } catch (StepFailure failure) {
            kernel().because(UNDO);
            undo.unwind();
            endIfIdle(request.vm(), process);
            return new AttachResult.Failed(explained(request, failure.failure()));
        }
    }

    /** Puts the reason that the host's registers give in place of the bare errno, where the same end was to be expected. */
    private AttachFailure explained(VmAttachRequest request, AttachFailure failure) {
        FeasibilityRequest question = new FeasibilityRequest(
                request.decision(),
                request.device(),
                request.memoryBytes(),
                request.strict(),
                request.resolvedValues());
        boolean bare = failure.errno().isPresent();
        return bare
                        && Feasibility.of(question, inventory, request.bdf())
                                instanceof Feasibility.Infeasible(AttachFailure expected)
                        && expected.step() == failure.step()
                        && expected.errno().equals(failure.errno())
                ? new AttachFailure(failure.step(), failure.ioctl(), failure.errno(), expected.reason())
                : failure;
    }

    private void endIfIdle(String vm, VmProcess process) {
        if (process.devices().isEmpty() && process.unclean().isEmpty()) {
            vms.remove(vm);
        }
    }

    private @Nullable AttachedVfioDevice attached(String vm, String device) {
        VmProcess process = vms.get(vm);
        return process == null ? null : process.devices().get(device);
    }

    private static AttachResult refused(String reason) {
        return new AttachResult.Failed(
                new AttachFailure(AttachStep.VERIFY, Optional.empty(), Optional.empty(), reason));
    }
}
