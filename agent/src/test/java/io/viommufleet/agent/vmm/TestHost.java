package io.viommufleet.agent.vmm;

import io.viommufleet.common.feasibility.GuestMemory;
import io.viommufleet.common.feasibility.HwptChoice;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.ReservedRegion;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Describes a host the way a test reads: the registers of one capable machine, then what is different about it. */
final class TestHost {
    static final Bdf FIRST = Bdf.parse("0000:01:00.0");
    static final Bdf SECOND = Bdf.parse("0000:02:00.0");

    private final IommuType type;
    private final Map<String, Long> registers = new HashMap<>();
    private final List<HostDevice> devices = new ArrayList<>();
    private String kernel = "7.0.0";
    private Optional<String> vmm = Optional.of("10.2");
    private List<String> options = List.of("intel_iommu=on,sm_on");
    private Optional<Boolean> remapping = Optional.of(true);
    private boolean unsafeInterrupts;
    private int pasidBits = 20;
    private Optional<Boolean> reset = Optional.of(true);

    private TestHost(IommuType type) {
        this.type = type;
    }

    /** VT-d of a server: 48 bits, five levels in the first stage, nesting, dirty tracking, 20-bit PASIDs. */
    static TestHost vtd() {
        return new TestHost(IommuType.INTEL_VTD)
                .register("cap", field(56, 16) | field(0xc, 8) | field(3, 34) | bit(56) | bit(60))
                .register(
                        "ecap",
                        bit(3)
                                | bit(7)
                                | bit(26)
                                | field(19, 35)
                                | bit(40)
                                | bit(43)
                                | bit(45)
                                | bit(46)
                                | bit(47)
                                | bit(48));
    }

    /** An SMMUv3 of a server: both stages, 48 bits, every granule, RIL, ATS, 20-bit substreams, forced write-back. */
    static TestHost smmuV3() {
        return new TestHost(IommuType.ARM_SMMUV3)
                .register(
                        "idr0",
                        bit(0) | bit(1) | field(2, 2) | bit(4) | field(2, 6) | bit(10) | field(2, 21) | field(1, 27))
                .register("idr1", 16 | field(20, 6))
                .register("idr3", bit(8) | bit(10))
                .register("idr5", 5 | field(7, 4))
                .register("iidr", 0);
    }

    /** AMD-Vi of a server: nesting, dirty tracking, 20-bit PASIDs. */
    static TestHost amd() {
        return new TestHost(IommuType.AMD_VI)
                .register("efr", bit(4) | field(19, 32) | bit(48) | bit(52))
                .register("efr2", bit(3) | bit(11));
    }

    static TestHost virtio() {
        return new TestHost(IommuType.VIRTIO_IOMMU)
                .register("page-size-mask", -4096)
                .register("range-start", 0)
                .register("range-end", -1);
    }

    static TestHost none() {
        return new TestHost(IommuType.NONE);
    }

    static long bit(int position) {
        return 1L << position;
    }

    static long field(long value, int low) {
        return value << low;
    }

    TestHost register(String name, long value) {
        registers.put(name, value);
        return this;
    }

    TestHost without(String register) {
        registers.remove(register);
        return this;
    }

    /** Clears bits of a register. */
    TestHost clear(String register, long bits) {
        return register(register, registers.getOrDefault(register, 0L) & ~bits);
    }

    /** Puts a value into a field of a register. */
    TestHost set(String register, int low, int widthBits, long value) {
        return clear(register, field((1L << widthBits) - 1, low))
                .register(register, registers.getOrDefault(register, 0L) | field(value, low));
    }

    TestHost kernel(String version) {
        kernel = version;
        return this;
    }

    TestHost vmm(Optional<String> version) {
        vmm = version;
        return this;
    }

    TestHost options(String... words) {
        options = List.of(words);
        return this;
    }

    TestHost interruptRemapping(Optional<Boolean> on) {
        remapping = on;
        return this;
    }

    TestHost unsafeInterrupts(boolean allowed) {
        unsafeInterrupts = allowed;
        return this;
    }

    /** PASID width of devices added from here on. */
    TestHost pasidBits(int bits) {
        pasidBits = bits;
        return this;
    }

    /** Whether devices added from here on can be reset. */
    TestHost reset(Optional<Boolean> can) {
        reset = can;
        return this;
    }

    TestHost device(Bdf bdf, int group) {
        return device(bdf, group, Optional.of("vfio-pci"), List.of());
    }

    TestHost device(Bdf bdf, int group, Optional<String> driver, List<ReservedRegion> regions) {
        boolean behindIommu = type != IommuType.NONE;
        devices.add(new HostDevice(
                bdf,
                0x10de,
                0x2330,
                0x030200,
                behindIommu ? Optional.of(group) : Optional.empty(),
                behindIommu ? Optional.of("iommu0") : Optional.empty(),
                Optional.of(0),
                driver,
                pasidBits,
                Optional.empty(),
                List.of(),
                regions,
                reset,
                Optional.of(false),
                Optional.empty()));
        return this;
    }

    HostInventory build() {
        if (devices.isEmpty()) {
            device(FIRST, 1);
            device(SECOND, 2);
        }
        return new HostInventory(
                new Metadata("host", 0, Map.of()),
                kernel,
                vmm,
                1L << 40,
                Map.of(),
                options,
                remapping,
                unsafeInterrupts,
                type == IommuType.NONE ? List.of() : List.of(new HostIommu("iommu0", type, registers)),
                devices,
                List.of(),
                List.of("1", "2"),
                List.of(),
                Map.of());
    }

    EmulatedHost boot() {
        return new EmulatedHost(build());
    }

    /** With a QEMU from before the flag for dirty tracking on a nesting parent. */
    EmulatedHost bootOlderVmm() {
        return new EmulatedHost(build(), GuestMemory::sections, HwptChoice.BEFORE_NESTING_DIRTY_FLAG);
    }
}
