package io.viommufleet.deploy.view;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.input.Inputs;
import io.viommufleet.common.input.ParsedDocument;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.common.wire.Decoded;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** A fleet state of one cell, written record by record without a log. */
final class LoggedCell {
    private static final Bdf GPU = Bdf.parse("0000:3b:00.0");

    private final FleetState state = new FleetState();
    private long offset;

    FleetState state() {
        return state;
    }

    /** A host with one free GPU of a vendor, whose agent is admitted; {@code more} is said of the device. */
    void host(String name, String memory, String vendor, String more) {
        HostInventory host = ((ParsedDocument.Host) parse("""
            kind: Host
            metadata: {name: %s}
            spec:
              kernel: "7.0"
              vmm: "10.2"
              memory: %s
              kernel-options: ["intel_iommu=on,sm_on"]
              interrupt-remapping: on
              iommus: [{id: dmar0, type: intel-vtd, cap: "0x19ed008c40780c66", ecap: "0x3ef9e86f050df"}]
              devices:
                - {bdf: "0000:3b:00.0", vendor: "%s", device: "0x2330", class: "0x030200", group: 12, iommu: dmar0,
                   driver: vfio-pci%s}
            """.formatted(name, memory, vendor, more))).host();
        replay(new Origin.Agent("boot", "life-" + name, 1), host);
        replay(
                new Origin.Controller(1, 1),
                HostState.unknown(name).admitting(new HostState.Admitted("boot", "life-" + name), List.of()));
    }

    /** A VM that runs on a host; {@code more} is said in its spec. */
    CellKey<String> running(String name, String host, String more) {
        return vm(name, Phase.RUNNING, Optional.of(new Placement.Leg(host, Map.of("gpu0", GPU))), more);
    }

    /** A VM that waits. */
    CellKey<String> pending(String name, String more) {
        return vm(name, Phase.PENDING, Optional.empty(), more);
    }

    private CellKey<String> vm(String name, Phase phase, Optional<Placement.Leg> leg, String more) {
        VirtualMachine vm = ((ParsedDocument.Vm) parse("""
            kind: VirtualMachine
            metadata: {name: %s}
            spec:
              machine: pc-q35-10.2
              memory: 8GiB
              viommus: [{model: intel-iommu, scalable-mode: on, fsts: on, caching-mode: on, aw-bits: 48}]
              buses: [{id: rp1, type: pcie-root-port, parent: pcie.0}]
              devices: [{id: gpu0, match: {vendor: "0x10de"}, bus: rp1}]
              %s
            """.formatted(name, more))).vm();
        Decision.Decided decided = (Decision.Decided) vm.spec().configuration().decide(RulesVersion.DEFAULT);
        replay(
                new Origin.Controller(1, 1),
                new Placement(
                        vm.metadata(),
                        vm.spec(),
                        RecordCodec.digest(vm),
                        Optional.empty(),
                        Optional.of(new Placement.Admission(
                                ConfigurationSpec.of(decided.canonical()), decided.certificate(), decided.doomed())),
                        phase,
                        "",
                        List.of(),
                        Map.of(),
                        leg,
                        Optional.empty(),
                        Optional.empty(),
                        List.of()));
        return new CellKey<>(0, name);
    }

    void replay(Origin origin, FleetRecord value) {
        replay(new Envelope(0, 1, origin, value));
    }

    private void replay(Envelope envelope) {
        state.replay(new LogRecord(
                envelope.value().topic(), 0, offset++, 0, envelope.value().key(), new Decoded.Ok(envelope)));
    }

    private static ParsedDocument parse(String text) {
        return Inputs.read("test", text.getBytes(UTF_8)).getFirst();
    }

    /** The placement of a VM that was asked for. */
    Placement placement(CellKey<String> vm) {
        return Objects.requireNonNull(state.placements().get(vm), "the VM's placement");
    }
}
