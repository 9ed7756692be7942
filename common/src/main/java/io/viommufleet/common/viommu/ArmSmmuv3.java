package io.viommufleet.common.viommu;

import static io.viommufleet.common.viommu.PropertyDefinition.optional;
import static io.viommufleet.common.viommu.PropertyDefinition.property;
import static io.viommufleet.common.viommu.ValueType.BOOL;
import static io.viommufleet.common.viommu.ValueType.ON_OFF_AUTO;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * QEMU's arm-smmuv3. {@code accel} is its nesting switch. Without a primary bus it is the machine-wide one (the machine
 * option {@code iommu=smmuv3}); with one it governs that root bus only, and a VM may have several.
 *
 * <p>{@code cmdqv} is known to some builds of QEMU only; no rule reads it.
 */
public record ArmSmmuv3(
        Optional<String> primaryBus,
        Optional<TranslationStage> stage,
        Optional<Boolean> accel,
        Optional<Long> msiDoorbellAddress,
        Optional<OnOffAuto> rangeInvalidation,
        Optional<OnOffAuto> addressTranslationService,
        Optional<BitsOrAuto> outputAddressSize,
        Optional<BitsOrAuto> substreamIdSize,
        Optional<Boolean> commandQueueVirtualization)
        implements Viommu {
    static final PropertyDefinition<ArmSmmuv3, String> PRIMARY_BUS =
            optional("primary-bus", ValueType.BUS_ID, ArmSmmuv3::primaryBus);
    static final PropertyDefinition<ArmSmmuv3, TranslationStage> STAGE =
            property("stage", ValueType.oneOf(TranslationStage.class), TranslationStage.STAGE_1, ArmSmmuv3::stage);
    static final PropertyDefinition<ArmSmmuv3, Boolean> ACCEL = property("accel", BOOL, false, ArmSmmuv3::accel);
    static final PropertyDefinition<ArmSmmuv3, Long> MSI_GPA =
            property("msi-gpa", ValueType.UNSIGNED_64, 0L, ArmSmmuv3::msiDoorbellAddress);
    static final PropertyDefinition<ArmSmmuv3, OnOffAuto> RIL =
            property("ril", ON_OFF_AUTO, OnOffAuto.ON, ArmSmmuv3::rangeInvalidation);
    static final PropertyDefinition<ArmSmmuv3, OnOffAuto> ATS =
            property("ats", ON_OFF_AUTO, OnOffAuto.OFF, ArmSmmuv3::addressTranslationService);
    static final PropertyDefinition<ArmSmmuv3, BitsOrAuto> OAS = property(
            "oas",
            ValueType.autoOr(IntStream.of(32, 36, 40, 42, 44, 48, 52, 56)),
            BitsOrAuto.of(44),
            ArmSmmuv3::outputAddressSize);
    static final PropertyDefinition<ArmSmmuv3, BitsOrAuto> SSIDSIZE = property(
            "ssidsize", ValueType.autoOr(IntStream.rangeClosed(0, 20)), BitsOrAuto.of(0), ArmSmmuv3::substreamIdSize);
    static final PropertyDefinition<ArmSmmuv3, Boolean> CMDQV =
            property("cmdqv", BOOL, false, ArmSmmuv3::commandQueueVirtualization);

    static final PropertyTable<ArmSmmuv3> TABLE = new PropertyTable<>(
            List.of(PRIMARY_BUS, STAGE, ACCEL, MSI_GPA, RIL, ATS, OAS, SSIDSIZE, CMDQV),
            List.of("id", "smmu_per_bus", "smmu-per-bus"),
            List.of(),
            values -> new ArmSmmuv3(
                    values.of(PRIMARY_BUS),
                    values.of(STAGE),
                    values.of(ACCEL),
                    values.of(MSI_GPA),
                    values.of(RIL),
                    values.of(ATS),
                    values.of(OAS),
                    values.of(SSIDSIZE),
                    values.of(CMDQV)));

    @Override
    public ViommuModel model() {
        return ViommuModel.ARM_SMMUV3;
    }

    @Override
    public boolean perBus() {
        return primaryBus.isPresent();
    }

    @Override
    public List<Property> properties() {
        return TABLE.write(this);
    }

    @Override
    public ArmSmmuv3 withDefaults(MachineDefaults machine) {
        return TABLE.withDefaults(this, machine);
    }

    @Override
    public List<String> missing() {
        return TABLE.missing(this);
    }
}
