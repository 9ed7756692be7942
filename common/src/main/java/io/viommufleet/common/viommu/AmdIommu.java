package io.viommufleet.common.viommu;

import static io.viommufleet.common.viommu.PropertyDefinition.property;
import static io.viommufleet.common.viommu.ValueType.BOOL;
import static io.viommufleet.common.viommu.ValueType.ON_OFF_AUTO;

import java.util.List;
import java.util.Optional;

/** QEMU's amd-iommu. It asks VFIO for nothing: it has no flags. */
public record AmdIommu(
        Optional<Boolean> x2apic,
        Optional<Boolean> dmaRemapping,
        Optional<OnOffAuto> interruptRemapping,
        Optional<Boolean> deviceIotlb,
        Optional<Boolean> dmaTranslation,
        Optional<Boolean> passThrough)
        implements Viommu {
    static final PropertyDefinition<AmdIommu, Boolean> XTSUP = property("xtsup", BOOL, false, AmdIommu::x2apic);
    static final PropertyDefinition<AmdIommu, Boolean> DMA_REMAP =
            property("dma-remap", BOOL, false, AmdIommu::dmaRemapping);
    static final PropertyDefinition<AmdIommu, OnOffAuto> INTREMAP =
            property("intremap", ON_OFF_AUTO, OnOffAuto.AUTO, AmdIommu::interruptRemapping);
    static final PropertyDefinition<AmdIommu, Boolean> DEVICE_IOTLB =
            property("device-iotlb", BOOL, false, AmdIommu::deviceIotlb);
    static final PropertyDefinition<AmdIommu, Boolean> DMA_TRANSLATION =
            property("dma-translation", BOOL, true, AmdIommu::dmaTranslation);
    static final PropertyDefinition<AmdIommu, Boolean> PT = property("pt", BOOL, true, AmdIommu::passThrough);

    static final PropertyTable<AmdIommu> TABLE = new PropertyTable<>(
            List.of(XTSUP, DMA_REMAP, INTREMAP, DEVICE_IOTLB, DMA_TRANSLATION, PT),
            List.of("id", "pci-id"),
            List.of(),
            values -> new AmdIommu(
                    values.of(XTSUP),
                    values.of(DMA_REMAP),
                    values.of(INTREMAP),
                    values.of(DEVICE_IOTLB),
                    values.of(DMA_TRANSLATION),
                    values.of(PT)));

    @Override
    public ViommuModel model() {
        return ViommuModel.AMD_IOMMU;
    }

    @Override
    public Optional<String> primaryBus() {
        return Optional.empty();
    }

    @Override
    public List<Property> properties() {
        return TABLE.write(this);
    }

    @Override
    public AmdIommu withDefaults(MachineDefaults machine) {
        return TABLE.withDefaults(this, machine);
    }

    @Override
    public List<String> missing() {
        return TABLE.missing(this);
    }
}
