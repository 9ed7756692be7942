package io.viommufleet.agent.conformance;

import io.viommufleet.common.feasibility.AddressRange;
import io.viommufleet.common.feasibility.AmdRegisters;
import io.viommufleet.common.feasibility.IommuRegisters;
import io.viommufleet.common.feasibility.KernelSetup;
import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.feasibility.VirtioIommuProperties;
import io.viommufleet.common.feasibility.VtdRegisters;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An IOMMU that traces were recorded behind, with its registers as that machine's own sysfs and hw_info show them.
 *
 * @param registers of the IOMMU
 * @param options how the kernel was set up
 */
record Environment(IommuRegisters registers, List<Option> options) {
    /** What a machine was booted with. */
    enum Option {
        /** Scalable mode is on. */
        SCALABLE_MODE,
        /** Nothing isolates MSIs. */
        NO_INTERRUPT_REMAPPING,
        /** iommufd.allow_unsafe_interrupts=1. */
        UNSAFE_INTERRUPTS
    }

    private static final IommuRegisters VIRTIO = new VirtioIommuProperties(-4096L, AddressRange.ofBits(64));

    private static final Map<String, Environment> KNOWN = new TreeMap<>(Map.ofEntries(
            vtd("intel48", 0xd2008c222f0606L, 0xf00f4aL),
            vtd("intel39", 0xd2008c22260206L, 0xf00f4aL),
            vtd("intelcm", 0xd2008c222f0686L, 0xf00f4aL),
            vtd("intelsc", 0xd2008c222f0606L, 0xf00fcaL),
            vtd("intelrich", 0xd2008c222f0606L, 0xf00f4eL),
            vtd("intelsm", 0xd2008c222f0606L, 0x480080f00f4aL, Option.SCALABLE_MODE),
            vtd("intelnoir", 0xd2008c22260206L, 0xf00f4aL, Option.NO_INTERRUPT_REMAPPING),
            Map.entry("amd", new Environment(new AmdRegisters(0x29d3, 0), List.of())),
            Map.entry("virtio", new Environment(VIRTIO, List.of(Option.NO_INTERRUPT_REMAPPING))),
            Map.entry(
                    "virtiounsafe",
                    new Environment(VIRTIO, List.of(Option.NO_INTERRUPT_REMAPPING, Option.UNSAFE_INTERRUPTS)))));

    private static Map.Entry<String, Environment> vtd(String name, long cap, long ecap, Option... options) {
        return Map.entry(name, new Environment(new VtdRegisters(cap, ecap), List.of(options)));
    }

    /** The machine that a header's {@code env} names. */
    static Environment named(String env) {
        Environment known = KNOWN.get(env);
        if (known == null) {
            throw new TraceError("env %s is not one of %s".formatted(env, KNOWN.keySet()));
        }
        return known;
    }

    KernelSetup setup(KernelVersion version) {
        return new KernelSetup(
                version,
                options.contains(Option.SCALABLE_MODE),
                !options.contains(Option.NO_INTERRUPT_REMAPPING),
                options.contains(Option.UNSAFE_INTERRUPTS));
    }
}
