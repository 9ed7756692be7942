package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.DecisionRecord;
import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.MigrationReport;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.model.ViommuSpec;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.Machine;
import io.viommufleet.common.viommu.Property;
import io.viommufleet.controller.placement.DeviceFeasibility;
import io.viommufleet.controller.placement.Obstacle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A cell with a log in memory and agents that answer as told, for tests. Hosts whose name begins with {@code flat} have a
 * kernel that cannot nest.
 */
final class CellHarness {
    static final long MEMORY_BYTES = 4L << 30;
    /** A kernel whose hosts cannot nest. */
    static final String FLAT_KERNEL = "6.6";

    private static final List<Property> NESTING = List.of(
            new Property("scalable-mode", "on"), new Property("fsts", "on"), new Property("caching-mode", "on"));

    final List<Envelope> log = new ArrayList<>();
    final StringBuilder story = new StringBuilder();
    private final DeviceFeasibility feasibility;
    Cell cell;
    long epoch = 1;
    long nowNanos;
    private long step;
    private long sequence;

    CellHarness() {
        this((vm, guest, host, device) -> host.kernel().equals(FLAT_KERNEL)
                        && vm.decision().devices().stream().anyMatch(decided -> decided.nestingParent())
                ? Optional.of(new DeviceFeasibility.Refusal(Obstacle.CANNOT_NEST, "ECAP.NEST is 0"))
                : Optional.empty());
    }

    /** With another idea of what hosts can do. */
    CellHarness(DeviceFeasibility feasibility) {
        this.feasibility = feasibility;
        cell = newCell();
    }

    private Cell newCell() {
        return new Cell(CellSettings.DEFAULT, feasibility, nowNanos);
    }

    /** Another leader takes over: all it knows is the log. */
    void takeOver() {
        epoch++;
        cell = newCell();
        log.forEach(cell::replay);
    }

    /** Time passes, and the leader listens all the while. */
    void pass(Duration time) {
        long untilNanos = nowNanos + time.toNanos();
        while (nowNanos < untilNanos) {
            nowNanos = Math.min(untilNanos, nowNanos + Duration.ofMillis(500).toNanos());
            cell.listened(true, nowNanos);
        }
    }

    /** Plans and commits until nothing is missing; returns what was written. */
    List<FleetRecord> settle() {
        List<FleetRecord> written = new ArrayList<>();
        for (List<Write> writes = cell.plan(nowNanos); !writes.isEmpty(); writes = cell.plan(nowNanos)) {
            Origin.Controller origin = new Origin.Controller(epoch, ++step);
            for (Write write : writes) {
                append(new Envelope(0, write.generation(), origin, write.value()));
                written.add(write.value());
                story.append("  ").append(line(write)).append('\n');
            }
        }
        return written;
    }

    private void append(Envelope envelope) {
        log.add(envelope);
        cell.replay(envelope);
    }

    /** A user or an operator asks for something. */
    void user(FleetRecord request) {
        append(new Envelope(0, 0, new Origin.User(), request));
    }

    /** An operator asks for an action; what became of it at once. */
    OperationProgress operate(String id, Action action) {
        user(new Operation(id, 0, action));
        settle();
        return progress(id);
    }

    OperationProgress progress(String id) {
        return latest(OperationProgress.class, id);
    }

    HostState hostState(String host) {
        return latest(HostState.class, host);
    }

    void agent(String boot, String incarnation, FleetRecord value) {
        append(new Envelope(0, 1, new Origin.Agent(boot, incarnation, ++sequence), value));
    }

    void heartbeat(String host, String boot, String incarnation, boolean goodbye) {
        agent(boot, incarnation, new Heartbeat(host, 0, goodbye));
    }

    /** The agent of a host answers its latest command for a device as if all went well. */
    void carryOut(String host, String vm, String device) {
        answer(host, vm, device, Optional.empty());
    }

    /** The agent of a host fails its latest command for a device at HWPT_ALLOC. */
    void fail(String host, String vm, String device) {
        answer(
                host,
                vm,
                device,
                Optional.of(new AttachFailure(
                        AttachStep.HWPT_ALLOC,
                        Optional.of("IOMMU_HWPT_ALLOC"),
                        Optional.of("EOPNOTSUPP"),
                        "the IOMMU cannot nest")));
    }

    /** The agent of a host fails its latest command for a device with an errno. */
    void fail(String host, String vm, String device, String errno) {
        answer(
                host,
                vm,
                device,
                Optional.of(new AttachFailure(
                        AttachStep.ATTACH,
                        Optional.of("VFIO_DEVICE_ATTACH_IOMMUFD_PT"),
                        Optional.of(errno),
                        "on purpose")));
    }

    /** The source of a live migration answers that it cannot hand the guest over; it runs on as before. */
    void refuseHandOver(String host, String vm, String device, String reason) {
        AttachmentId id = new AttachmentId(host, vm, device);
        Envelope command = latest(id);
        Attachment attachment = (Attachment) command.value();
        AttachFailure why = new AttachFailure(
                AttachStep.HAND_OVER, Optional.of("IOMMU_HWPT_SET_DIRTY_TRACKING"), Optional.of("EOPNOTSUPP"), reason);
        agent(
                attachment.boot(),
                attachment.incarnation(),
                new Outcome(
                        id,
                        command.generation(),
                        DeviceState.ATTACHED,
                        Optional.empty(),
                        List.of(),
                        Map.of(),
                        1_000,
                        List.of(),
                        Optional.of(new MigrationReport(0, 0, Optional.of(why)))));
    }

    /** The agents answer whatever is commanded and not answered yet, as if all went well, until nothing more is. */
    void carryOutAll() {
        settle();
        for (List<Attachment> open = unanswered(); !open.isEmpty(); open = unanswered()) {
            open.forEach(command -> carryOut(
                    command.id().host(), command.id().vm(), command.id().device()));
            settle();
        }
    }

    private List<Attachment> unanswered() {
        Map<AttachmentId, Envelope> latest = new TreeMap<>();
        Map<AttachmentId, Long> answered = new HashMap<>();
        for (Envelope envelope : log) {
            if (envelope.value() instanceof Attachment attachment) {
                latest.put(attachment.id(), envelope);
            } else if (envelope.value() instanceof Outcome outcome) {
                answered.put(outcome.id(), outcome.attachmentGeneration());
            }
        }
        return latest.entrySet().stream()
                .filter(entry -> answered.getOrDefault(entry.getKey(), 0L)
                        < entry.getValue().generation())
                .map(entry -> (Attachment) entry.getValue().value())
                .filter(command -> isAdmitted(command.id().host(), command.incarnation()))
                .toList();
    }

    private boolean isAdmitted(String host, String incarnation) {
        return hostState(host)
                .admitted()
                .filter(life -> life.incarnation().equals(incarnation))
                .isPresent();
    }

    /** Which host has a VM's device attached, by the last answers. */
    List<String> hostsOf(String vm) {
        Map<AttachmentId, Outcome> latest = new TreeMap<>();
        log.forEach(envelope -> {
            if (envelope.value() instanceof Outcome outcome && outcome.id().vm().equals(vm)) {
                latest.put(outcome.id(), outcome);
            }
        });
        return latest.values().stream()
                .filter(outcome -> outcome.state() == DeviceState.ATTACHED)
                .map(outcome -> outcome.id().host())
                .distinct()
                .toList();
    }

    private void answer(String host, String vm, String device, Optional<AttachFailure> failure) {
        AttachmentId id = new AttachmentId(host, vm, device);
        Envelope command = latest(id);
        Attachment attachment = (Attachment) command.value();
        DeviceState done =
                attachment.desired() == Attachment.Desired.ATTACHED ? DeviceState.ATTACHED : DeviceState.DETACHED;
        agent(
                attachment.boot(),
                attachment.incarnation(),
                new Outcome(
                        id,
                        command.generation(),
                        failure.isEmpty()
                                ? done
                                : done == DeviceState.DETACHED ? DeviceState.QUARANTINED : DeviceState.FAILED,
                        failure,
                        List.of(),
                        Map.of(),
                        1_000,
                        List.of(),
                        attachment.role() == Attachment.Role.SOURCE
                                ? Optional.of(new MigrationReport(2, 4096, Optional.empty()))
                                : Optional.empty()));
    }

    private <T extends FleetRecord> T latest(Class<T> type, String key) {
        return log.reversed().stream()
                .map(Envelope::value)
                .filter(type::isInstance)
                .map(type::cast)
                .filter(value -> value.key().equals(key))
                .findFirst()
                .orElseThrow();
    }

    private Envelope latest(AttachmentId id) {
        return log.reversed().stream()
                .filter(envelope -> envelope.value() instanceof Attachment attachment
                        && attachment.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    Placement placement(String vm) {
        return latest(Placement.class, vm);
    }

    /** A host with as many devices, each in a group of its own. */
    static HostInventory host(String name, int devices) {
        return host(name, devices, Map.of());
    }

    /** The same with more labels than the one for its zone. */
    static HostInventory host(String name, int devices, Map<String, String> more) {
        Map<String, String> labels = new HashMap<>(more);
        labels.put("zone", name.substring(name.length() - 1));
        List<HostDevice> all = IntStream.range(0, devices)
                .mapToObj(i -> device(new Bdf(0, 0x10 + i, 0, 0), 10 + i))
                .toList();
        return new HostInventory(
                new Metadata(name, 0, labels),
                name.startsWith("flat") ? FLAT_KERNEL : "7.0",
                Optional.of("10.2"),
                64L << 30,
                Map.of(),
                List.of(),
                Optional.of(true),
                false,
                List.of(),
                all,
                List.of(),
                List.of("1", "2"),
                List.of(),
                Map.of());
    }

    static HostDevice device(Bdf bdf, int group) {
        return new HostDevice(
                bdf,
                0x10de,
                0x2330,
                0x030200,
                Optional.of(group),
                Optional.of("dmar0"),
                Optional.of(0),
                Optional.of("vfio-pci"),
                20,
                Optional.empty(),
                List.of(),
                List.of(),
                Optional.of(true),
                Optional.of(false),
                Optional.empty());
    }

    /** A VM with nesting, with as many devices, for any host or those named. */
    static VirtualMachine vm(String name, int devices, String... hosts) {
        return vm(name, devices, NESTING, hosts);
    }

    static VirtualMachine vm(String name, int devices, List<Property> viommu, String... hosts) {
        List<GuestDevice> guests = IntStream.range(0, devices)
                .mapToObj(i -> new GuestDevice(
                        "dev" + i, DeviceKind.PCI, DeviceBackend.IOMMUFD, Optional.empty(), Optional.empty()))
                .toList();
        DeviceMatch any = new DeviceMatch(Optional.of(0x10de), Optional.empty(), Optional.empty(), Optional.empty());
        Map<String, DeviceMatch> matches = new HashMap<>();
        guests.forEach(guest -> matches.put(guest.id(), any));
        return new VirtualMachine(
                new Metadata(name, 0, Map.of()),
                new VmSpec(
                        new ConfigurationSpec(
                                Machine.ofType("pc-q35-10.0"),
                                List.of(new ViommuSpec("intel-iommu", viommu)),
                                List.of(),
                                guests,
                                List.of()),
                        MEMORY_BYTES,
                        matches,
                        PlacementRules.onHosts(List.of(hosts)),
                        VmSpec.OnHostLoss.WAIT,
                        false,
                        Optional.empty(),
                        false,
                        List.of()));
    }

    /** The same VM with other surroundings. */
    static VirtualMachine vm(VirtualMachine vm, Map<String, String> labels, VmSpec.OnHostLoss onHostLoss) {
        VmSpec spec = vm.spec();
        return new VirtualMachine(
                new Metadata(vm.key(), 0, labels),
                new VmSpec(
                        spec.configuration(),
                        spec.memoryBytes(),
                        spec.matches(),
                        spec.placement(),
                        onHostLoss,
                        spec.strict(),
                        spec.rulesVersion(),
                        spec.deleted(),
                        spec.guest()));
    }

    static VirtualMachine evacuating(VirtualMachine vm) {
        return vm(vm, Map.of(), VmSpec.OnHostLoss.EVACUATE);
    }

    static VirtualMachine deleted(VirtualMachine vm) {
        return new VirtualMachine(vm.metadata(), vm.spec().asDeleted());
    }

    void tell(String event) {
        story.append(event).append('\n');
    }

    private static String line(Write write) {
        String what = switch (write.value()) {
            case Placement placement ->
                "placement %s %s%s %s"
                        .formatted(
                                placement.key(),
                                placement.phase(),
                                placement
                                        .active()
                                        .map(leg -> " on " + leg.host())
                                        .orElse(""),
                                placement.reason());
            case Attachment attachment ->
                "attachment %s %s %s for %s"
                        .formatted(attachment.key(), attachment.desired(), attachment.bdf(), attachment.incarnation());
            case HostState state ->
                "hoststate %s admitted %s fenced %s"
                        .formatted(
                                state.host(),
                                state.admitted()
                                        .map(HostState.Admitted::incarnation)
                                        .orElse("none"),
                                state.fenced());
            case HostAdmission admission -> "admission %s %s".formatted(admission.host(), admission.incarnation());
            case DecisionRecord decision ->
                "decision %s %s"
                        .formatted(
                                decision.vm(),
                                decision.certificate().isPresent()
                                        ? "flags "
                                                + decision.certificate().get().devices().stream()
                                                        .map(device ->
                                                                device.flags().toString())
                                                        .toList()
                                        : "refused");
            case Rejected rejected -> "rejected %s".formatted(rejected.key());
            case FleetRecord other -> other.getClass().getSimpleName();
        };
        return "g%d %s".formatted(write.generation(), what).stripTrailing();
    }
}
