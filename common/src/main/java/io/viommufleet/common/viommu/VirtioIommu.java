package io.viommufleet.common.viommu;

import static io.viommufleet.common.viommu.PropertyDefinition.byMachine;
import static io.viommufleet.common.viommu.PropertyDefinition.optional;
import static io.viommufleet.common.viommu.PropertyDefinition.property;

import java.util.List;
import java.util.Optional;

/**
 * QEMU's virtio-iommu on PCI. It asks VFIO for nothing: it has no flags.
 *
 * <p>A VM has at most one. It governs its primary bus, by default the machine's root bus, and the root buses that
 * inherit from that one.
 */
public record VirtioIommu(
        Optional<String> primaryBus,
        Optional<Boolean> bootBypass,
        Optional<Granule> granule,
        Optional<Integer> addressWidthBits,
        Optional<ReservedRegion> reservedRegion)
        implements Viommu {
    static final PropertyDefinition<VirtioIommu, String> PRIMARY_BUS =
            property("primary-bus", ValueType.BUS_ID, "pcie.0", VirtioIommu::primaryBus);
    static final PropertyDefinition<VirtioIommu, Boolean> BOOT_BYPASS =
            property("boot-bypass", ValueType.BOOL, true, VirtioIommu::bootBypass);
    static final PropertyDefinition<VirtioIommu, Granule> GRANULE =
            byMachine("granule", ValueType.oneOf(Granule.class), MachineDefaults::virtioGranule, VirtioIommu::granule);
    static final PropertyDefinition<VirtioIommu, Integer> AW_BITS =
            byMachine("aw-bits", ValueType.upTo(255), MachineDefaults::virtioAwBits, VirtioIommu::addressWidthBits);
    static final PropertyDefinition<VirtioIommu, ReservedRegion> RESERVED_REGIONS = optional(
                    "reserved-regions",
                    new ValueType<>(
                            "one region as LOW:HIGH:TYPE, addresses as 0x…",
                            ReservedRegion::parse,
                            ReservedRegion::toString),
                    VirtioIommu::reservedRegion)
            .formerly("reserved-regions[0]");

    static final PropertyTable<VirtioIommu> TABLE = new PropertyTable<>(
            List.of(PRIMARY_BUS, BOOT_BYPASS, GRANULE, AW_BITS, RESERVED_REGIONS),
            List.of(
                    "id",
                    "bus",
                    "addr",
                    "multifunction",
                    "acpi-index",
                    "len-reserved-regions",
                    "disable-legacy",
                    "disable-modern",
                    "iommu_platform",
                    "ats",
                    "packed"),
            List.of(),
            values -> new VirtioIommu(
                    values.of(PRIMARY_BUS),
                    values.of(BOOT_BYPASS),
                    values.of(GRANULE),
                    values.of(AW_BITS),
                    values.of(RESERVED_REGIONS)));

    @Override
    public ViommuModel model() {
        return ViommuModel.VIRTIO_IOMMU;
    }

    @Override
    public List<Property> properties() {
        return TABLE.write(this);
    }

    @Override
    public VirtioIommu withDefaults(MachineDefaults machine) {
        return TABLE.withDefaults(this, machine);
    }

    @Override
    public List<String> missing() {
        return TABLE.missing(this);
    }
}
