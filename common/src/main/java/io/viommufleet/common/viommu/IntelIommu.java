package io.viommufleet.common.viommu;

import static io.viommufleet.common.viommu.PropertyDefinition.byMachine;
import static io.viommufleet.common.viommu.PropertyDefinition.property;
import static io.viommufleet.common.viommu.ValueType.BOOL;
import static io.viommufleet.common.viommu.ValueType.ON_OFF_AUTO;
import static io.viommufleet.common.viommu.ValueType.UNSIGNED_64;

import java.util.List;
import java.util.Optional;

/**
 * QEMU's intel-iommu. First-stage translation ({@code fsts}) is its nesting switch.
 *
 * <p>{@code pasid} was a boolean before it became a width. {@code off} means width 0. {@code on} is refused: it left
 * the width to the version of QEMU, and the guest sees the width.
 */
public record IntelIommu(
        Optional<Long> version,
        Optional<OnOffAuto> eim,
        Optional<OnOffAuto> interruptRemapping,
        Optional<Boolean> cachingMode,
        Optional<Integer> addressWidthBits,
        Optional<Boolean> scalableMode,
        Optional<Boolean> firstStage,
        Optional<Boolean> snoopControl,
        Optional<Integer> pasidBits,
        Optional<Boolean> sharedVirtualMemory,
        Optional<Boolean> staleTransientMapping,
        Optional<Boolean> firstStage1GiB,
        Optional<Boolean> deviceIotlb,
        Optional<Boolean> dmaTranslation,
        Optional<Boolean> passThrough)
        implements Viommu {
    static final PropertyDefinition<IntelIommu, Long> VERSION =
            property("version", UNSIGNED_64, 0L, IntelIommu::version);
    static final PropertyDefinition<IntelIommu, OnOffAuto> EIM =
            property("eim", ON_OFF_AUTO, OnOffAuto.AUTO, IntelIommu::eim);
    static final PropertyDefinition<IntelIommu, OnOffAuto> INTREMAP =
            property("intremap", ON_OFF_AUTO, OnOffAuto.AUTO, IntelIommu::interruptRemapping);
    static final PropertyDefinition<IntelIommu, Boolean> CACHING_MODE =
            property("caching-mode", BOOL, false, IntelIommu::cachingMode);
    static final PropertyDefinition<IntelIommu, Integer> AW_BITS =
            byMachine("aw-bits", ValueType.upTo(255), MachineDefaults::intelAwBits, IntelIommu::addressWidthBits);
    static final PropertyDefinition<IntelIommu, Boolean> SCALABLE_MODE =
            property("scalable-mode", BOOL, false, IntelIommu::scalableMode).formerly("x-scalable-mode");
    static final PropertyDefinition<IntelIommu, Boolean> FSTS =
            property("fsts", BOOL, false, IntelIommu::firstStage).formerly("flts", "x-flts");
    static final PropertyDefinition<IntelIommu, Boolean> SNOOP_CONTROL =
            property("snoop-control", BOOL, false, IntelIommu::snoopControl);
    static final PropertyDefinition<IntelIommu, Integer> PASID_BITS = property(
                    "pasid-bits", ValueType.widthOnceBool(255), 0, IntelIommu::pasidBits)
            .formerly("pasid", "x-pasid-mode");
    static final PropertyDefinition<IntelIommu, Boolean> SVM =
            property("svm", BOOL, false, IntelIommu::sharedVirtualMemory);
    static final PropertyDefinition<IntelIommu, Boolean> STALE_TM =
            property("stale-tm", BOOL, false, IntelIommu::staleTransientMapping);
    static final PropertyDefinition<IntelIommu, Boolean> FS1GP =
            property("fs1gp", BOOL, true, IntelIommu::firstStage1GiB);
    static final PropertyDefinition<IntelIommu, Boolean> DEVICE_IOTLB =
            property("device-iotlb", BOOL, false, IntelIommu::deviceIotlb);
    static final PropertyDefinition<IntelIommu, Boolean> DMA_TRANSLATION =
            property("dma-translation", BOOL, true, IntelIommu::dmaTranslation);
    static final PropertyDefinition<IntelIommu, Boolean> PT = property("pt", BOOL, true, IntelIommu::passThrough);

    static final PropertyTable<IntelIommu> TABLE = new PropertyTable<>(
            List.of(
                    VERSION,
                    EIM,
                    INTREMAP,
                    CACHING_MODE,
                    AW_BITS,
                    SCALABLE_MODE,
                    FSTS,
                    SNOOP_CONTROL,
                    PASID_BITS,
                    SVM,
                    STALE_TM,
                    FS1GP,
                    DEVICE_IOTLB,
                    DMA_TRANSLATION,
                    PT),
            List.of("id"),
            List.of("dma-drain", "x-buggy-eim"),
            values -> new IntelIommu(
                    values.of(VERSION),
                    values.of(EIM),
                    values.of(INTREMAP),
                    values.of(CACHING_MODE),
                    values.of(AW_BITS),
                    values.of(SCALABLE_MODE),
                    values.of(FSTS),
                    values.of(SNOOP_CONTROL),
                    values.of(PASID_BITS),
                    values.of(SVM),
                    values.of(STALE_TM),
                    values.of(FS1GP),
                    values.of(DEVICE_IOTLB),
                    values.of(DMA_TRANSLATION),
                    values.of(PT)));

    @Override
    public ViommuModel model() {
        return ViommuModel.INTEL_IOMMU;
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
    public IntelIommu withDefaults(MachineDefaults machine) {
        return TABLE.withDefaults(this, machine);
    }

    @Override
    public List<String> missing() {
        return TABLE.missing(this);
    }
}
