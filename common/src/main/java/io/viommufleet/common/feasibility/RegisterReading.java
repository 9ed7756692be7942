package io.viommufleet.common.feasibility;

import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import java.util.List;
import java.util.Map;

/** What an inventory says of one IOMMU's registers, decoded. */
public sealed interface RegisterReading {
    /**
     * All registers that decide anything are there.
     *
     * @param registers decoded; {@link NoIommu} where the kernel's driver would not start with them
     */
    record Known(IommuRegisters registers) implements RegisterReading {}

    /**
     * A register is missing, and unknown counts as cannot.
     *
     * @param reason names the IOMMU and the register
     */
    record Unknown(String reason) implements RegisterReading {}

    /** Decodes the registers of an IOMMU. Registers that decide nothing may be missing, and so may EFR2, which older parts do not have. */
    static RegisterReading read(HostIommu iommu) {
        for (String register : required(iommu.type())) {
            if (!iommu.registers().containsKey(register)) {
                return new Unknown("%s of %s is unknown, and unknown counts as cannot".formatted(register, iommu.id()));
            }
        }
        return new Known(orAbsent(decode(iommu)));
    }

    private static List<String> required(IommuType type) {
        return switch (type) {
            case INTEL_VTD -> List.of("cap", "ecap");
            case ARM_SMMUV3 -> List.of("idr0", "idr1", "idr3", "idr5", "iidr");
            case AMD_VI -> List.of("efr");
            case VIRTIO_IOMMU -> List.of("page-size-mask", "range-start", "range-end");
            case NONE -> List.of();
        };
    }

    private static IommuRegisters decode(HostIommu iommu) {
        Map<String, Long> values = iommu.registers();
        return switch (iommu.type()) {
            case INTEL_VTD -> new VtdRegisters(word(values, "cap"), word(values, "ecap"));
            case ARM_SMMUV3 -> smmu(values);
            case AMD_VI -> new AmdRegisters(word(values, "efr"), word(values, "efr2"));
            case VIRTIO_IOMMU -> virtio(values);
            case NONE -> new NoIommu();
        };
    }

    private static SmmuV3Registers smmu(Map<String, Long> values) {
        return new SmmuV3Registers(
                half(values, "idr0"),
                half(values, "idr1"),
                half(values, "idr2"),
                half(values, "idr3"),
                half(values, "idr4"),
                half(values, "idr5"),
                half(values, "iidr"),
                half(values, "aidr"),
                half(values, "cmdqv-param"));
    }

    private static IommuRegisters virtio(Map<String, Long> values) {
        long first = word(values, "range-start");
        long last = word(values, "range-end");
        boolean works = Long.compareUnsigned(first, last) <= 0 && word(values, "page-size-mask") != 0;
        return works
                ? new VirtioIommuProperties(word(values, "page-size-mask"), new AddressRange(first, last))
                : new NoIommu();
    }

    /** What the kernel's driver refuses to start with is no IOMMU to anybody. */
    private static IommuRegisters orAbsent(IommuRegisters registers) {
        boolean works = switch (registers) {
            case VtdRegisters vtd -> (vtd.adjustedWidths() & 0xe) != 0 && vtd.maximumGuestWidth() > 30;
            case SmmuV3Registers smmu ->
                new SmmuV3Capabilities(smmu, new KernelSetup(KernelVersion.LINUX_6_12, false, false, false))
                        .usable()
                        .available();
            case AmdRegisters _, VirtioIommuProperties _, NoIommu _ -> true;
        };
        return works ? registers : new NoIommu();
    }

    private static long word(Map<String, Long> values, String name) {
        return values.getOrDefault(name, 0L);
    }

    private static int half(Map<String, Long> values, String name) {
        return (int) word(values, name);
    }
}
