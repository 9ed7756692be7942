package io.viommufleet.controller.placement;

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
import io.viommufleet.common.model.ViommuSpec;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.Machine;
import io.viommufleet.common.viommu.Property;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Hosts and VMs for tests of placement. */
final class PlacementFixtures {
    static final long GIB = 1L << 30;
    static final int GPU = 0x2330;
    static final int NIC = 0x101e;

    /** VT-d registers of a host that nests, and of one that does not. */
    static final Map<String, Long> NESTS = Map.of("cap", 0x19ed008c40780c66L, "ecap", 0x3ef9e86f050dfL);

    static final Map<String, Long> DOES_NOT_NEST = Map.of("cap", 0x19ed008c40780c66L, "ecap", 0xf020dfL);

    private static final List<Property> NESTING = List.of(
            new Property("scalable-mode", "on"), new Property("fsts", "on"), new Property("caching-mode", "on"));
    private static final Decision.Decided[] DECISIONS = new Decision.Decided[33];

    private PlacementFixtures() {}

    /** A host in the making. */
    static final class HostMaker {
        private final String name;
        private final Map<String, String> labels = new HashMap<>();
        private final List<HostDevice> devices = new ArrayList<>();
        private Map<Integer, Long> memoryByNode = Map.of();
        private long memoryBytes = 64 * GIB;
        private Map<String, Long> registers = NESTS;
        private List<String> rulesVersions = List.of("1", "2");

        HostMaker(String name) {
            this.name = name;
        }

        HostMaker label(String key, String value) {
            labels.put(key, value);
            return this;
        }

        HostMaker memory(long bytes) {
            memoryBytes = bytes;
            return this;
        }

        HostMaker nodes(long... bytes) {
            Map<Integer, Long> nodes = new HashMap<>();
            memoryBytes = 0;
            for (int node = 0; node < bytes.length; node++) {
                nodes.put(node, bytes[node]);
                memoryBytes += bytes[node];
            }
            memoryByNode = nodes;
            return this;
        }

        HostMaker registers(Map<String, Long> values) {
            registers = values;
            return this;
        }

        HostMaker rules(String... versions) {
            rulesVersions = List.of(versions);
            return this;
        }

        HostMaker gpus(int count) {
            return alike(count, GPU, 0);
        }

        /** As many devices, each in a group of its own. */
        HostMaker alike(int count, int device, int node) {
            for (int i = 0; i < count; i++) {
                int number = devices.size();
                devices.add(PlacementFixtures.device(number, number, device, node, "vfio-pci"));
            }
            return this;
        }

        HostMaker device(HostDevice device) {
            devices.add(device);
            return this;
        }

        /** A physical function with virtual ones, each in a group of its own. */
        HostMaker functions(int virtual, int node) {
            int first = devices.size();
            Bdf physical = bdf(first);
            List<Bdf> functions = new ArrayList<>();
            for (int i = 1; i <= virtual; i++) {
                functions.add(bdf(first + i));
            }
            devices.add(of(first, first, NIC, node, "vfio-pci", Optional.empty(), functions));
            for (int i = 1; i <= virtual; i++) {
                devices.add(of(first + i, first + i, NIC, node, "vfio-pci", Optional.of(physical), List.of()));
            }
            return this;
        }

        HostInventory make() {
            return new HostInventory(
                    new Metadata(name, 0, labels),
                    "6.12",
                    Optional.of("10.2"),
                    memoryBytes,
                    memoryByNode,
                    List.of("intel_iommu=on,sm_on"),
                    Optional.of(true),
                    false,
                    List.of(new HostIommu("dmar0", IommuType.INTEL_VTD, registers)),
                    devices,
                    List.of(),
                    rulesVersions,
                    List.of(),
                    Map.of());
        }

        HostStanding ready() {
            return HostStanding.ready(make());
        }
    }

    static HostMaker host(String name) {
        return new HostMaker(name);
    }

    static Bdf bdf(int number) {
        return new Bdf(0, 0x10 + number, 0, 0);
    }

    static HostDevice device(int number, int group, int device, int node, String driver) {
        return of(number, group, device, node, driver, Optional.empty(), List.of());
    }

    private static HostDevice of(
            int number, int group, int device, int node, String driver, Optional<Bdf> physical, List<Bdf> virtual) {
        return new HostDevice(
                bdf(number),
                device == NIC ? 0x15b3 : 0x10de,
                device,
                device == NIC ? 0x020000 : 0x030200,
                Optional.of(group),
                Optional.of("dmar0"),
                Optional.of(node),
                Optional.of(driver),
                20,
                physical,
                virtual,
                List.of(),
                Optional.of(true),
                Optional.of(false),
                Optional.empty());
    }

    static DeviceMatch any(int device) {
        return new DeviceMatch(Optional.empty(), Optional.of(device), Optional.empty(), Optional.empty());
    }

    static DeviceMatch at(Bdf bdf) {
        return new DeviceMatch(Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(bdf));
    }

    /** A VM in the making. */
    static final class VmMaker {
        private final String name;
        private final List<DeviceMatch> matches = new ArrayList<>();
        private long memoryBytes = 4 * GIB;
        private List<String> hosts = List.of();
        private Map<String, String> labels = Map.of();
        private Optional<String> spread = Optional.empty();
        private PlacementRules.Strategy strategy = PlacementRules.Strategy.SPREAD;
        private PlacementRules.Numa numa = PlacementRules.Numa.PREFER;
        private Map<String, String> antiAffinity = Map.of();
        private Optional<String> pool = Optional.empty();

        VmMaker(String name) {
            this.name = name;
        }

        VmMaker devices(int count, DeviceMatch match) {
            for (int i = 0; i < count; i++) {
                matches.add(match);
            }
            return this;
        }

        VmMaker gpus(int count) {
            return devices(count, any(GPU));
        }

        VmMaker memory(long bytes) {
            memoryBytes = bytes;
            return this;
        }

        VmMaker on(String... names) {
            hosts = List.of(names);
            return this;
        }

        VmMaker labels(Map<String, String> wanted) {
            labels = wanted;
            return this;
        }

        VmMaker spread(String label) {
            spread = Optional.of(label);
            return this;
        }

        VmMaker pack() {
            strategy = PlacementRules.Strategy.PACK;
            return this;
        }

        VmMaker numa(PlacementRules.Numa wanted) {
            numa = wanted;
            return this;
        }

        VmMaker avoiding(String key, String value) {
            antiAffinity = Map.of(key, value);
            return this;
        }

        VmMaker pool(String wanted) {
            pool = Optional.of(wanted);
            return this;
        }

        PlacementRules rules() {
            return new PlacementRules(hosts, labels, spread, strategy, numa, antiAffinity, pool);
        }

        Candidate make() {
            Map<String, DeviceMatch> byId = new HashMap<>();
            for (int i = 0; i < matches.size(); i++) {
                byId.put("dev" + i, matches.get(i));
            }
            Decision.Decided decision = decision(matches.size());
            VmSpec spec = new VmSpec(
                    configuration(matches.size()),
                    memoryBytes,
                    byId,
                    rules(),
                    VmSpec.OnHostLoss.WAIT,
                    false,
                    Optional.empty(),
                    false,
                    List.of());
            return new Candidate(name, spec, decision, Map.of());
        }
    }

    static VmMaker vm(String name) {
        return new VmMaker(name);
    }

    private static ConfigurationSpec configuration(int devices) {
        List<GuestDevice> guests = new ArrayList<>();
        for (int i = 0; i < devices; i++) {
            guests.add(new GuestDevice(
                    "dev" + i, DeviceKind.PCI, DeviceBackend.IOMMUFD, Optional.empty(), Optional.empty()));
        }
        return new ConfigurationSpec(
                Machine.ofType("pc-q35-10.0"),
                List.of(new ViommuSpec("intel-iommu", NESTING)),
                List.of(),
                guests,
                List.of());
    }

    private static Decision.Decided decision(int devices) {
        if (DECISIONS[devices] == null) {
            Decision decision = configuration(devices).decide(RulesVersion.parse("1"));
            DECISIONS[devices] = (Decision.Decided) decision;
        }
        return DECISIONS[devices];
    }

    /** Places a VM and claims its leg. */
    static Optional<Placement.Leg> placeAndClaim(HostIndex index, Candidate vm) {
        Optional<Placement.Leg> leg = index.place(vm);
        leg.ifPresent(found -> index.claim(vm.name(), found, vm.spec().memoryBytes(), Map.of()));
        return leg;
    }
}
