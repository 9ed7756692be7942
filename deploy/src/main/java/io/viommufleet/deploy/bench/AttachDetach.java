package io.viommufleet.deploy.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.agent.vmm.AttachResult;
import io.viommufleet.agent.vmm.DetachResult;
import io.viommufleet.agent.vmm.EmulatedHost;
import io.viommufleet.agent.vmm.VmAttachRequest;
import io.viommufleet.common.feasibility.AddressRange;
import io.viommufleet.common.feasibility.GuestMemory;
import io.viommufleet.common.input.Inputs;
import io.viommufleet.common.input.ParsedDocument;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The whole attach path of a VM whose vIOMMU wants a nesting parent, and the way back: the VMM starts, binds, makes IOAS and HWPT, maps eight sections of
 * RAM, hands the device to its vIOMMU; the detach takes all of it back.
 *
 * <p>The young generation is small enough for the warm-up to have touched all of it. In a larger one every cycle would meet pages of the heap for the first
 * time, which under a hypervisor costs many times what the cycle does.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(jvmArgsPrepend = "-Xmn64m")
public class AttachDetach {
    static final int RAM_SECTIONS = 8;
    static final String DEVICE = "gpu0";

    private static final int UNMEASURED_CYCLES = 20_000;
    private static final long SECTION_BYTES = 1L << 28;
    private static final List<GuestMemory.Section> SECTIONS = sections();
    private static final Bdf BDF = Bdf.parse("0000:3b:00.0");
    private static final String DOCUMENTS = """
        kind: Host
        metadata: {name: host}
        spec:
          kernel: "7.0"
          vmm: "10.2"
          memory: 64GiB
          kernel-options: ["intel_iommu=on,sm_on"]
          interrupt-remapping: on
          iommus: [{id: dmar0, type: intel-vtd, cap: "0x19ed008c40780c66", ecap: "0x3ef9e86f050df"}]
          devices:
            - {bdf: "0000:3b:00.0", vendor: "0x10de", device: "0x2330", class: "0x030200", group: 1, iommu: dmar0, driver: vfio-pci, pasid-bits: 20}
        ---
        kind: VirtualMachine
        metadata: {name: vm}
        spec:
          machine: pc-q35-10.2
          memory: 2GiB
          viommus: [{model: intel-iommu, scalable-mode: on, fsts: on, caching-mode: on, aw-bits: 48}]
          devices: [{id: gpu0, match: {bdf: "0000:3b:00.0"}}]
        """;

    private final EmulatedHost host;
    private final VmAttachRequest request;

    /** A host that has booted, and a VM that was decided. */
    public AttachDetach() {
        List<ParsedDocument> documents = Inputs.read("benchmark", DOCUMENTS.getBytes(UTF_8));
        HostInventory inventory = only(documents, ParsedDocument.Host.class).host();
        VirtualMachine vm = only(documents, ParsedDocument.Vm.class).vm();
        host = new EmulatedHost(inventory, (configuration, bytes) -> SECTIONS);
        Decision decision = vm.spec().configuration().decide(RulesVersion.V1);
        if (!(decision instanceof Decision.Decided decided)) {
            throw new IllegalStateException("the benchmark's VM is refused: " + decision.errors());
        }
        request = new VmAttachRequest(
                vm.metadata().name(), DEVICE, BDF, vm.spec().memoryBytes(), false, decided, Map.of());
    }

    EmulatedHost host() {
        return host;
    }

    /** Attaches the device; the host has it afterwards. */
    AttachResult.Attached attach() {
        return switch (host.attach(request)) {
            case AttachResult.Attached attached -> attached;
            case AttachResult.Failed failed -> throw new IllegalStateException(failed.toString());
        };
    }

    /** Detaches the device; nothing is left of the VM afterwards. */
    DetachResult.Detached detach() {
        return switch (host.detach(request.vm(), request.device())) {
            case DetachResult.Detached detached -> detached;
            case DetachResult.Failed failed -> throw new IllegalStateException(failed.toString());
        };
    }

    /**
     * Lets the compilers see the whole path before anything is measured. They take a method after thousands of calls, of which a cycle makes one to most;
     * a warm-up by time alone would end before that on a slow machine, and what is measured would be the interpreter.
     */
    @Setup
    public void warmUp() {
        for (int cycle = 0; cycle < UNMEASURED_CYCLES; cycle++) {
            attachDetach();
        }
    }

    /** One cycle; gives the HWPT that the device had. */
    @Benchmark
    public int attachDetach() {
        int hwpt = attach().hwpt().orElseThrow();
        detach();
        return hwpt;
    }

    private static List<GuestMemory.Section> sections() {
        return IntStream.range(0, RAM_SECTIONS)
                .mapToObj(index -> 2 * SECTION_BYTES * index)
                .map(start -> new GuestMemory.Section(new AddressRange(start, start + SECTION_BYTES - 1), false))
                .toList();
    }

    private static <T extends ParsedDocument> T only(List<ParsedDocument> documents, Class<T> type) {
        return documents.stream()
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the benchmark's input is unusable: " + documents));
    }
}
