package io.viommufleet.common.viommu;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A property that the first attach resolves from its host, without any effect on the flags.
 *
 * @param model the model that it is about
 * @param property the property
 * @param open which vIOMMUs leave it open
 * @param needsDevice whether QEMU exits when no device is there to resolve it from (QEMU's machine-init-done check)
 */
record HostResolvedRule<V extends Viommu>(
        Class<V> model, PropertyDefinition<V, ?> property, Predicate<V> open, boolean needsDevice) {

    static final List<HostResolvedRule<?>> OF_V1 = List.of(
            new HostResolvedRule<>(
                    VirtioIommu.class,
                    VirtioIommu.GRANULE,
                    iommu -> VirtioIommu.GRANULE.in(iommu) == Granule.HOST,
                    false),
            new HostResolvedRule<>(
                    ArmSmmuv3.class,
                    ArmSmmuv3.RIL,
                    smmu -> ArmSmmuv3.ACCEL.in(smmu) && ArmSmmuv3.RIL.in(smmu) == OnOffAuto.AUTO,
                    true),
            new HostResolvedRule<>(
                    ArmSmmuv3.class,
                    ArmSmmuv3.ATS,
                    smmu -> ArmSmmuv3.ACCEL.in(smmu) && ArmSmmuv3.ATS.in(smmu) == OnOffAuto.AUTO,
                    true));

    /** The property with its open value, if the vIOMMU is of the rule's model and leaves it open. */
    Optional<Property> check(Viommu viommu) {
        return Optional.of(viommu)
                .filter(model::isInstance)
                .map(model::cast)
                .filter(open)
                .flatMap(typed -> property.textIn(typed).map(text -> new Property(property.name(), text)));
    }
}
