package io.viommufleet.deploy.view;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.ViommuFlag;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A fleet at one moment as {@code up --settle} and {@code get} show it: VMs with their devices, hosts, and decisions. */
public record FleetReport(List<Vm> vms, List<HostReport> hosts, Decisions decisions) {
    public FleetReport {
        vms = List.copyOf(vms);
        hosts = List.copyOf(hosts);
    }

    /**
     * A VM.
     *
     * @param phase as users spell it
     * @param host where it is or was last placed
     * @param reason of the phase; may be empty
     * @param devices in guest-topology order; none for a refused VM
     * @param guest what its guest's steps led to; none before all devices are attached
     */
    public record Vm(
            String id,
            String phase,
            Optional<String> host,
            String reason,
            List<Device> devices,
            List<GuestReport> guest) {
        public Vm {
            devices = List.copyOf(devices);
            guest = List.copyOf(guest);
        }
    }

    /**
     * A passthrough device of a VM.
     *
     * @param bdf the host device, where one serves it
     * @param state as users spell it
     * @param reason why it failed; may be empty
     * @param unmet wants that the host let go
     */
    public record Device(
            String id,
            Optional<Bdf> bdf,
            String state,
            String reason,
            List<String> flags,
            boolean nestingParent,
            List<String> unmet) {
        public Device {
            flags = List.copyOf(flags);
            unmet = List.copyOf(unmet);
        }
    }

    /**
     * All decisions ever made.
     *
     * @param total how many
     * @param drift how many do not follow from their configuration; must be 0
     */
    public record Decisions(long total, long drift) {}

    /** Reads it off the state. */
    public static FleetReport of(FleetState state) {
        return new FleetReport(
                state.placements().entrySet().stream()
                        .map(entry -> vm(state, entry.getKey(), entry.getValue()))
                        .toList(),
                state.inventories().entrySet().stream()
                        .map(entry -> HostReport.of(state, entry.getKey(), entry.getValue()))
                        .toList(),
                new Decisions(state.decisions(), state.drifted()));
    }

    /** One VM. */
    public static Vm vm(FleetState state, CellKey<String> key, Placement placement) {
        List<DeviceDecision> decided = placement
                .decision()
                .map(admission -> admission.certificate().devices())
                .orElse(List.of());
        return new Vm(
                key.key(),
                Words.of(placement.phase()),
                placement.active().map(Placement.Leg::host),
                reason(placement),
                decided.stream()
                        .map(device -> device(state, key, placement, device))
                        .toList(),
                outcomes(state, key, placement).stream()
                        .flatMap(outcome -> outcome.guest().stream())
                        .toList());
    }

    private static String reason(Placement placement) {
        return placement
                .refusedChange()
                .map(refused -> placement.reason().isEmpty() ? refused : placement.reason() + "; " + refused)
                .orElse(placement.reason());
    }

    private static Device device(FleetState state, CellKey<String> vm, Placement placement, DeviceDecision decision) {
        Optional<Placement.Leg> leg = placement.active();
        Optional<Outcome> outcome = outcome(state, vm, placement, decision.id());
        return new Device(
                decision.id(),
                leg.map(active -> active.devices()).flatMap(devices -> find(devices, decision.id())),
                Words.of(outcome.map(Outcome::state).orElse(DeviceState.DETACHED)),
                outcome.flatMap(Outcome::failure).map(AttachFailure::words).orElse(""),
                decision.flags().stream().map(ViommuFlag::name).toList(),
                decision.nestingParent(),
                outcome.map(Outcome::unmet).orElse(List.of()));
    }

    /** The outcomes of a VM's devices on the host where it is or was last placed, in guest-topology order. */
    public static List<Outcome> outcomes(FleetState state, CellKey<String> vm, Placement placement) {
        return placement.decision().stream()
                .flatMap(admission -> admission.certificate().devices().stream())
                .flatMap(device -> outcome(state, vm, placement, device.id()).stream())
                .toList();
    }

    private static Optional<Outcome> outcome(FleetState state, CellKey<String> vm, Placement placement, String device) {
        return placement
                .active()
                .flatMap(
                        leg -> state.outcome(new CellKey<>(vm.cell(), new AttachmentId(leg.host(), vm.key(), device))));
    }

    private static Optional<Bdf> find(Map<String, Bdf> devices, String id) {
        return Optional.ofNullable(devices.get(id));
    }
}
