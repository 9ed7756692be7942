package io.viommufleet.common.viommu;

import static io.viommufleet.common.viommu.PropertyDefinition.property;
import static io.viommufleet.common.viommu.ValueType.BOOL;

import java.util.List;
import java.util.Optional;

/**
 * QEMU's riscv-iommu, as a PCI function or as a platform device. It asks VFIO for nothing: it has no flags.
 *
 * @param model which of the two
 */
public record RiscvIommu(
        ViommuModel model,
        Optional<Long> version,
        Optional<Long> translationCacheLimit,
        Optional<Boolean> interruptRemapping,
        Optional<Boolean> addressTranslationService,
        Optional<Boolean> startsOff,
        Optional<Boolean> firstStage,
        Optional<Boolean> secondStage,
        Optional<Integer> performanceCounters)
        implements Viommu {
    static final PropertyDefinition<RiscvIommu, Long> VERSION =
            property("version", ValueType.UNSIGNED_64, 16L, RiscvIommu::version);
    static final PropertyDefinition<RiscvIommu, Long> IOATC_LIMIT =
            property("ioatc-limit", ValueType.UNSIGNED_64, 1L << 20, RiscvIommu::translationCacheLimit);
    static final PropertyDefinition<RiscvIommu, Boolean> INTREMAP =
            property("intremap", BOOL, true, RiscvIommu::interruptRemapping);
    static final PropertyDefinition<RiscvIommu, Boolean> ATS =
            property("ats", BOOL, true, RiscvIommu::addressTranslationService);
    static final PropertyDefinition<RiscvIommu, Boolean> OFF = property("off", BOOL, true, RiscvIommu::startsOff);
    static final PropertyDefinition<RiscvIommu, Boolean> S_STAGE =
            property("s-stage", BOOL, true, RiscvIommu::firstStage);
    static final PropertyDefinition<RiscvIommu, Boolean> G_STAGE =
            property("g-stage", BOOL, true, RiscvIommu::secondStage);
    static final PropertyDefinition<RiscvIommu, Integer> HPM_COUNTERS =
            property("hpm-counters", ValueType.upTo(31), 31, RiscvIommu::performanceCounters);

    static final PropertyTable<RiscvIommu> PCI_TABLE = new PropertyTable<>(
            definitions(),
            List.of("id", "bus", "addr", "multifunction", "vendor-id", "device-id", "revision"),
            List.of(),
            values -> from(ViommuModel.RISCV_IOMMU_PCI, values));
    static final PropertyTable<RiscvIommu> SYS_TABLE = new PropertyTable<>(
            definitions(),
            List.of("id", "addr", "base-irq"),
            List.of(),
            values -> from(ViommuModel.RISCV_IOMMU_SYS, values));

    private static List<PropertyDefinition<RiscvIommu, ?>> definitions() {
        return List.of(VERSION, IOATC_LIMIT, INTREMAP, ATS, OFF, S_STAGE, G_STAGE, HPM_COUNTERS);
    }

    private static RiscvIommu from(ViommuModel model, PropertyValues values) {
        return new RiscvIommu(
                model,
                values.of(VERSION),
                values.of(IOATC_LIMIT),
                values.of(INTREMAP),
                values.of(ATS),
                values.of(OFF),
                values.of(S_STAGE),
                values.of(G_STAGE),
                values.of(HPM_COUNTERS));
    }

    private PropertyTable<RiscvIommu> table() {
        return model == ViommuModel.RISCV_IOMMU_SYS ? SYS_TABLE : PCI_TABLE;
    }

    @Override
    public Optional<String> primaryBus() {
        return Optional.empty();
    }

    @Override
    public List<Property> properties() {
        return table().write(this);
    }

    @Override
    public RiscvIommu withDefaults(MachineDefaults machine) {
        return table().withDefaults(this, machine);
    }

    @Override
    public List<String> missing() {
        return table().missing(this);
    }
}
