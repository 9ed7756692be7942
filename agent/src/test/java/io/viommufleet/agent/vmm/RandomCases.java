package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.ReservedRegion;
import io.viommufleet.common.viommu.BusType;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Hosts with features missing at random, and VMs that want things at random. */
final class RandomCases {
    private static final long GIB = 1L << 30;

    private final Random random;

    RandomCases(long seed) {
        random = new Random(seed);
    }

    TestHost host() {
        TestHost host = switch (random.nextInt(10)) {
            case 0 -> TestHost.none();
            case 1 -> virtio();
            case 2, 3 -> amd();
            case 4, 5, 6 -> smmuV3();
            default -> vtd();
        };
        host.kernel(pick("6.12", "6.12.117", "6.18", "7.0.0", "7.0.0", "7.1-rc1", rarely() ? "unknown" : "7.0"))
                .vmm(pick(Optional.of("10.2"), Optional.of("10.2.1"), Optional.of("10.1"), Optional.empty()))
                .options(pick("intel_iommu=on,sm_on", "intel_iommu=on,sm_on", "intel_iommu=on,sm_off", "quiet"))
                .interruptRemapping(rarely() ? pick(Optional.of(false), Optional.empty()) : Optional.of(true))
                .unsafeInterrupts(random.nextInt(4) == 0)
                .pasidBits(pick(0, 8, 16, 20));
        if (rarely()) {
            host.without(pick("cap", "ecap", "idr5", "iidr", "efr", "efr2", "page-size-mask"));
        }
        host.device(TestHost.FIRST, 1, driver(), regions());
        return host.device(TestHost.SECOND, pick(1, 2), driver(), List.of());
    }

    TestVm vm() {
        TestVm vm = switch (random.nextInt(10)) {
            case 0 -> pick(TestVm.q35(), TestVm.virt());
            case 1 -> TestVm.q35().viommu("amd-iommu", "dma-remap=" + onOff());
            case 2 -> TestVm.virt().viommu("riscv-iommu-pci");
            case 3, 4 -> virtioVm();
            case 5, 6, 7 -> smmuVm();
            default -> intelVm();
        };
        vm.rules(pick(RulesVersion.values())).strict(random.nextInt(3) == 0).memory(memory());
        boolean bridged = random.nextInt(8) == 0;
        if (bridged) {
            vm.bus("bridge", BusType.PCIE_TO_PCI_BRIDGE);
        }
        if (rarely()) {
            vm.endpoint("net0");
        }
        if (rarely()) {
            vm.bypassed();
        }
        return vm.device(
                rarely() ? pick(DeviceKind.MDEV, DeviceKind.PLATFORM) : DeviceKind.PCI,
                random.nextInt(6) == 0 ? DeviceBackend.LEGACY : DeviceBackend.IOMMUFD,
                bridged ? Optional.of("bridge") : Optional.empty());
    }

    private long memory() {
        return switch (random.nextInt(8)) {
            case 0 -> 1;
            case 1 -> GIB;
            case 2 -> 3 * GIB - 4096;
            case 3 -> 600 * GIB;
            case 4 -> 1100 * GIB;
            default -> 16 * GIB;
        };
    }

    private Optional<String> driver() {
        return rarely() ? pick(Optional.of("nvme"), Optional.empty()) : Optional.of("vfio-pci");
    }

    private List<ReservedRegion> regions() {
        return switch (random.nextInt(12)) {
            case 0 -> List.of(new ReservedRegion(0x7b000000L, 0x7f7fffffL, "direct"));
            case 1 -> List.of(new ReservedRegion(0x7b000000L, 0x7f7fffffL, "direct-relaxable"));
            case 2 -> List.of(new ReservedRegion(0x20000000L, 0x2000ffffL, "reserved"));
            case 3 -> List.of(new ReservedRegion(0xfee00000L, 0xfeefffffL, "msi"));
            case 4 -> List.of(new ReservedRegion(0x140000000L, 0x140000fffL, "reserved"));
            default -> List.of();
        };
    }

    private TestHost vtd() {
        TestHost host = TestHost.vtd();
        if (random.nextBoolean()) {
            return host;
        }
        for (int feature : List.of(7, 26, 40, 43, 45, 46, 47, 48)) {
            if (random.nextInt(7) == 0) {
                host.clear("ecap", TestHost.bit(feature));
            }
        }
        for (int feature : List.of(34, 35, 56, 60)) {
            if (random.nextInt(5) == 0) {
                host.clear("cap", TestHost.bit(feature));
            }
        }
        return host.set("ecap", 35, 5, pick(7, 15, 19, 19))
                .set("cap", 16, 6, pick(20, 38, 38, 47, 51, 56, 56))
                .set("cap", 8, 5, pick(0, 2, 4, 6, 12, 14));
    }

    private TestHost smmuV3() {
        TestHost host = TestHost.smmuV3();
        if (random.nextBoolean()) {
            return random.nextInt(3) == 0 ? host.clear("idr3", TestHost.bit(8)) : host;
        }
        for (int feature : List.of(0, 1, 4, 6, 7, 10)) {
            if (random.nextInt(8) == 0) {
                host.clear("idr0", TestHost.bit(feature));
            }
        }
        for (int feature : List.of(8, 10)) {
            if (random.nextInt(5) == 0) {
                host.clear("idr3", TestHost.bit(feature));
            }
        }
        return host.set("idr0", 27, 2, rarely() ? 0 : 1)
                .set("idr0", 21, 2, pick(0, 2, 2, 2, 3))
                .set("idr0", 2, 2, pick(2, 2, 2, 3, 1))
                .set("idr1", 0, 6, pick(16, 24, 32, 8))
                .set("idr1", 6, 5, pick(0, 5, 20, 20))
                .set("idr5", 0, 3, pick(2, 4, 5, 5, 6))
                .set("idr5", 4, 3, pick(7, 7, 7, 1, 5, 4, 0))
                .register("iidr", pick(0, 0, 0, 0x4830_043b, 0x4871_043b, 0x4872_043b));
    }

    private TestHost amd() {
        TestHost host = TestHost.amd();
        for (int feature : List.of(4, 48, 52)) {
            if (random.nextInt(4) == 0) {
                host.clear("efr", TestHost.bit(feature));
            }
        }
        return host.register("efr2", pick(0L, 8L, 0x808L, 0x808L));
    }

    private TestHost virtio() {
        return TestHost.virtio()
                .register("page-size-mask", pick(-4096L, -65536L, 0x201000L, 0L))
                .register("range-end", pick(-1L, (1L << 39) - 1));
    }

    private TestVm intelVm() {
        List<String> properties = new ArrayList<>(List.of("aw-bits=" + pick(39, 48)));
        properties.add("scalable-mode=on");
        properties.add("fsts=" + (rarely() ? "off" : "on"));
        properties.add("pasid-bits=" + pick(0, 0, 8, 16, 20));
        properties.add("fs1gp=" + onOff());
        if (rarely()) {
            properties.add("snoop-control=on");
        }
        if (random.nextInt(4) == 0) {
            properties.addAll(List.of("svm=on", "device-iotlb=on"));
        }
        properties.add("caching-mode=" + (rarely() ? "off" : "on"));
        return TestVm.q35().viommu("intel-iommu", properties.toArray(String[]::new));
    }

    private TestVm smmuVm() {
        if (random.nextInt(6) == 0) {
            return TestVm.virt().viommu("arm-smmuv3", "accel=off");
        }
        List<String> properties = new ArrayList<>(List.of("oas=" + pick(44, 48), "ssidsize=" + pick(0, 0, 5, 20)));
        properties.add("ril=" + pick("on", "off", "auto"));
        properties.add("ats=" + pick("on", "off", "auto"));
        if (random.nextInt(3) == 0) {
            properties.add("primary-bus=pcie.0");
        }
        return TestVm.accelerated(properties.toArray(String[]::new));
    }

    private TestVm virtioVm() {
        return pick(TestVm.q35(), TestVm.virt())
                .viommu(
                        "virtio-iommu-pci",
                        "granule=" + pick("4k", "8k", "16k", "64k", "host", "host"),
                        "boot-bypass=" + onOff());
    }

    private String onOff() {
        return random.nextBoolean() ? "on" : "off";
    }

    private boolean rarely() {
        return random.nextInt(10) == 0;
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // the values are only read
    private final <T> T pick(T... values) {
        return values[random.nextInt(values.length)];
    }
}
