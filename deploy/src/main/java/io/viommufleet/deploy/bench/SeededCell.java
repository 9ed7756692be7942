package io.viommufleet.deploy.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.input.Inputs;
import io.viommufleet.common.input.ParsedDocument;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.DecisionRecord;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.controller.cell.Cell;
import io.viommufleet.controller.cell.CellSettings;
import io.viommufleet.controller.cell.Write;
import io.viommufleet.controller.placement.HostFeasibility;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The log of a cell in which every VM runs: what the real core writes for one host after the other, as compaction leaves it.
 */
final class SeededCell {
    /** Devices, and so VMs, of each host. */
    static final int VMS_PER_HOST = 100;

    private static final int FUNCTIONS = 8;

    private final Cell cell = new Cell(CellSettings.DEFAULT, new HostFeasibility(), 0);
    private final Map<String, Envelope> latest = new LinkedHashMap<>();
    private final Origin.Agent agent;
    private long step = 1;

    private SeededCell(int host) {
        agent = new Origin.Agent("boot-%04d".formatted(host), "life-%04d".formatted(host), 1);
    }

    /** Hands over the records of a host and its VMs; the leader's are of epoch 1. */
    static void of(int host, Consumer<Envelope> sink) {
        SeededCell seeded = new SeededCell(host);
        seeded.run(host);
        seeded.latest.values().forEach(sink);
    }

    private void run(int host) {
        add(new Envelope(0, 1, agent, host(host)));
        settle();
        for (int number = 0; number < VMS_PER_HOST; number++) {
            String name = "vm-%04d-%02d".formatted(host, number);
            add(new Envelope(0, 0, new Origin.User(), vm(name, hostName(host))));
        }
        settle();
    }

    /** Plans until nothing is missing; the agent does at once what it is told. */
    private void settle() {
        for (List<Write> writes = cell.plan(0); !writes.isEmpty(); writes = cell.plan(0)) {
            Origin.Controller leader = new Origin.Controller(1, ++step);
            List<Envelope> written = writes.stream()
                    .map(write -> new Envelope(0, write.generation(), leader, write.value()))
                    .toList();
            written.forEach(this::add);
            written.forEach(this::carryOut);
        }
    }

    private void carryOut(Envelope command) {
        if (command.value() instanceof Attachment attachment) {
            Outcome done = new Outcome(
                    attachment.id(),
                    command.generation(),
                    DeviceState.ATTACHED,
                    Optional.empty(),
                    List.of(),
                    Map.of(),
                    1_000,
                    List.of(),
                    Optional.empty());
            add(new Envelope(0, 1, agent, done));
        }
    }

    private void add(Envelope envelope) {
        cell.replay(envelope).ifPresent(reason -> {
            throw new IllegalStateException("the core refuses its own log: " + reason);
        });
        FleetRecord value = envelope.value();
        if (!(value instanceof DecisionRecord)) {
            latest.put(value.topic() + " " + value.key(), envelope);
        }
    }

    private static String hostName(int host) {
        return "host-%04d".formatted(host);
    }

    private static HostInventory host(int host) {
        StringBuilder yaml = new StringBuilder("""
            kind: Host
            metadata: {name: %s, cell: 0}
            spec:
              kernel: "6.12"
              vmm: "10.2"
              memory: 4096GiB
              kernel-options: ["intel_iommu=on,sm_on"]
              interrupt-remapping: on
              iommus: [{id: dmar0, type: intel-vtd, cap: "0x19ed008c40780c66", ecap: "0x3ef9e86f050df"}]
              devices:
            """.formatted(hostName(host)));
        for (int device = 0; device < VMS_PER_HOST; device++) {
            yaml.append("""
                  - {bdf: "0000:10:%02x.%d", vendor: "0x10de", device: "0x2330", class: "0x030200", group: %d, iommu: dmar0, numa: 0, driver: vfio-pci, pasid-bits: 20}
                """.formatted(device / FUNCTIONS, device % FUNCTIONS, device + 1));
        }
        if (parse(yaml.toString()) instanceof ParsedDocument.Host(String _, HostInventory inventory)) {
            return inventory;
        }
        throw new IllegalStateException("the host of the benchmark is none");
    }

    /** A VM with a nested GPU; on that host, or on any. */
    static VirtualMachine vm(String name, String hosts) {
        String yaml = """
            kind: VirtualMachine
            metadata: {name: %s, cell: 0}
            spec:
              machine: pc-q35-10.0
              memory: 16GiB
              viommus: [{model: intel-iommu, scalable-mode: on, fsts: on, caching-mode: on, aw-bits: 48}]
              devices: [{id: gpu0, match: {vendor: "0x10de", device: "0x2330"}}]
              placement: {hosts: [%s]}
            """.formatted(name, hosts);
        if (parse(yaml) instanceof ParsedDocument.Vm(String _, VirtualMachine vm)) {
            return vm;
        }
        throw new IllegalStateException("the VM of the benchmark is none");
    }

    private static ParsedDocument parse(String yaml) {
        return new ArrayList<>(Inputs.read("benchmark.yaml", yaml.getBytes(UTF_8))).getFirst();
    }
}
