package io.viommufleet.deploy.bench;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.ViommuSpec;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.Machine;
import io.viommufleet.common.viommu.Property;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.controller.placement.Candidate;
import io.viommufleet.controller.placement.HostFeasibility;
import io.viommufleet.controller.placement.HostIndex;
import io.viommufleet.controller.placement.HostStanding;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A cell at work: hosts of four models in eight zones, each with six GPUs and two NICs on two NUMA nodes, a
 * third of them in a pool and a quarter without nesting; VMs of several sizes come and go, so that about half of the devices are
 * in use throughout.
 */
final class BusyCell {
    private static final long GIB = 1L << 30;
    private static final int GPU = 0x2330;
    private static final int NIC = 0x101e;
    private static final int ZONES = 8;
    private static final int MODELS = 4;
    private static final int KINDS_OF_VM = 16;
    private static final Map<String, Long> NESTS = Map.of("cap", 0x19ed008c40780c66L, "ecap", 0x3ef9e86f050dfL);
    private static final Map<String, Long> DOES_NOT_NEST = Map.of("cap", 0x19ed008c40780c66L, "ecap", 0xf020dfL);

    private final HostIndex index = new HostIndex(new HostFeasibility());
    private final ArrayDeque<Running> running = new ArrayDeque<>();
    private final List<Candidate> kinds;
    private long born;
    private long homeless;

    private record Running(String vm, String host) {}

    /** A cell with as many hosts, half full. */
    BusyCell(int hosts) {
        for (int model = 0; model < MODELS; model++) {
            List<HostDevice> devices = devices(6, 2);
            for (int number = model; number < hosts; number += MODELS) {
                index.put(HostStanding.ready(host(number, model, devices)));
            }
        }
        kinds = IntStream.range(0, KINDS_OF_VM).mapToObj(BusyCell::kind).toList();
        for (int vm = 0; vm < hosts * 2; vm++) {
            come();
        }
    }

    private static HostInventory host(int number, int model, List<HostDevice> devices) {
        Map<String, String> labels = new HashMap<>(Map.of("zone", "z" + number % ZONES, "serial", "s" + number));
        if (number % 3 == 0) {
            labels.put(Policy.POOL_LABEL, "ml");
        }
        return inventory("host-" + number, labels, model == 3 ? DOES_NOT_NEST : NESTS, devices, 512L + model);
    }

    private static HostInventory inventory(
            String name, Map<String, String> labels, Map<String, Long> registers, List<HostDevice> devices, long gib) {
        return new HostInventory(
                new Metadata(name, 0, labels),
                "6.12",
                Optional.of("10.2"),
                2 * gib * GIB,
                Map.of(0, gib * GIB, 1, gib * GIB),
                List.of("intel_iommu=on,sm_on"),
                Optional.of(true),
                false,
                List.of(new HostIommu("dmar0", IommuType.INTEL_VTD, registers)),
                devices,
                List.of(),
                List.of("1", "2"),
                List.of(),
                Map.of());
    }

    private static List<HostDevice> devices(int gpus, int nics) {
        List<HostDevice> devices = new ArrayList<>();
        for (int i = 0; i < gpus + nics; i++) {
            devices.add(device(i, i < gpus ? GPU : NIC));
        }
        return devices;
    }

    private static HostDevice device(int number, int device) {
        return new HostDevice(
                new Bdf(0, 0x10 + number, 0, 0),
                device == GPU ? 0x10de : 0x15b3,
                device,
                device == GPU ? 0x030200 : 0x020000,
                Optional.of(number),
                Optional.of("dmar0"),
                Optional.of(number % 2),
                Optional.of("vfio-pci"),
                20,
                Optional.empty(),
                List.of(),
                List.of(),
                Optional.of(true),
                Optional.of(false),
                Optional.empty());
    }

    private static Candidate kind(int number) {
        int gpus = 1 + number % 3;
        int nics = number / 3 % 2;
        boolean pool = number % 4 == 3;
        Optional<String> spread = number % 2 == 0 ? Optional.of("zone") : Optional.empty();
        return candidate(
                "kind",
                gpus,
                nics,
                (8L + 8L * (number % 5)) * GIB,
                rules(spread, pool ? Optional.of("ml") : Optional.empty()));
    }

    private static PlacementRules rules(Optional<String> spread, Optional<String> pool) {
        return new PlacementRules(
                List.of(),
                Map.of(),
                spread,
                PlacementRules.Strategy.SPREAD,
                PlacementRules.Numa.PREFER,
                Map.of(),
                pool);
    }

    private static Candidate candidate(String name, int gpus, int nics, long memoryBytes, PlacementRules rules) {
        List<GuestDevice> guests = IntStream.range(0, gpus + nics)
                .mapToObj(i -> new GuestDevice(
                        "dev" + i, DeviceKind.PCI, DeviceBackend.IOMMUFD, Optional.empty(), Optional.empty()))
                .toList();
        Map<String, DeviceMatch> matches = new HashMap<>();
        for (int i = 0; i < gpus + nics; i++) {
            matches.put(
                    "dev" + i,
                    new DeviceMatch(
                            Optional.empty(), Optional.of(i < gpus ? GPU : NIC), Optional.empty(), Optional.empty()));
        }
        ConfigurationSpec configuration = new ConfigurationSpec(
                Machine.ofType("pc-q35-10.0"),
                List.of(new ViommuSpec(
                        "intel-iommu",
                        List.of(
                                new Property("scalable-mode", "on"),
                                new Property("fsts", "on"),
                                new Property("caching-mode", "on")))),
                List.of(),
                guests,
                List.of());
        if (!(configuration.decide(RulesVersion.DEFAULT) instanceof Decision.Decided decided)) {
            throw new IllegalStateException("the benchmark's VM is refused");
        }
        VmSpec spec = new VmSpec(
                configuration,
                memoryBytes,
                matches,
                rules,
                VmSpec.OnHostLoss.WAIT,
                false,
                Optional.empty(),
                false,
                List.of());
        return new Candidate(name, spec, decided, Map.of());
    }

    /** A VM comes: it is placed, and claims what it was given; true where a host took it. */
    boolean come() {
        Candidate kind = kinds.get((int) (born % KINDS_OF_VM));
        Candidate vm = new Candidate("vm-" + born++, kind.spec(), kind.decision(), Map.of());
        Optional<Placement.Leg> leg = index.place(vm);
        if (leg.isEmpty()) {
            homeless++;
            return false;
        }
        index.claim(vm.name(), leg.get(), vm.spec().memoryBytes(), Map.of());
        running.add(new Running(vm.name(), leg.get().host()));
        return true;
    }

    /** The oldest VM goes. */
    void go() {
        Running oldest = running.remove();
        index.release(oldest.vm(), oldest.host());
    }

    /** VMs that no host took. */
    long homeless() {
        return homeless;
    }

    int running() {
        return running.size();
    }

    HostIndex index() {
        return index;
    }

    /** A VM with sixteen alike devices on the market wants eight, of which some are taken already. */
    static final class EightOfSixteen {
        private final HostIndex index = new HostIndex(new HostFeasibility());
        private final Candidate vm = candidate("eight", 8, 0, 64 * GIB, rules(Optional.empty(), Optional.empty()));

        EightOfSixteen() {
            index.put(HostStanding.ready(inventory("big", Map.of(), NESTS, devices(16, 0), 512)));
            for (int taken = 0; taken < 16; taken += 2) {
                index.hold("big", new Bdf(0, 0x10 + taken, 0, 0), "other");
            }
        }

        /** Its devices. */
        Map<String, Bdf> place() {
            return index.place(vm).orElseThrow().devices();
        }
    }
}
