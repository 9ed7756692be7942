package io.viommufleet.common.viommu;

import static io.viommufleet.common.viommu.FlagRule.on;
import static io.viommufleet.common.viommu.FlagRule.positive;
import static io.viommufleet.common.viommu.FlagRule.width;
import static io.viommufleet.common.viommu.ViommuFlag.PASID_SUPPORTED;
import static io.viommufleet.common.viommu.ViommuFlag.WANT_NESTING_DIRTY_TRACKING;
import static io.viommufleet.common.viommu.ViommuFlag.WANT_NESTING_PARENT;
import static io.viommufleet.common.viommu.ViommuFlag.WANT_PASID_ATTACH;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * All that one rules version says, as tables. A published version never changes: a new behaviour is a new version, with
 * a table of its own where it differs.
 *
 * @param version which one it is
 * @param aliases what a machine type without a version stands for
 * @param defaults what a machine type gives to properties that are unset
 * @param validity which vIOMMUs QEMU refuses to create, or would not create the same on every host
 * @param flags which flags a vIOMMU has
 * @param dooms which devices QEMU refuses to attach on any host
 * @param hostRequirements what a host must offer beyond its IOMMU
 * @param hostResolved which properties the first attach resolves
 */
record Rules(
        RulesVersion version,
        List<MachineAlias> aliases,
        Function<MachineType, MachineDefaults> defaults,
        List<ValidityRule<?>> validity,
        List<FlagRule<?>> flags,
        List<DoomRule<?>> dooms,
        List<HostRequirementRule<?>> hostRequirements,
        List<HostResolvedRule<?>> hostResolved) {

    /** A machine type without a version, and the one that it stands for. */
    record MachineAlias(String alias, String type) {}

    private static final List<MachineAlias> ALIASES_OF_10_2 = List.of(
            new MachineAlias("q35", "pc-q35-10.2"),
            new MachineAlias("pc", "pc-i440fx-10.2"),
            new MachineAlias("virt", "virt-10.2"),
            new MachineAlias("s390-ccw-virtio", "s390-ccw-virtio-10.2"));

    private static final Rules V1 = new Rules(
            RulesVersion.V1,
            ALIASES_OF_10_2,
            MachineDefaultRules::upTo10_2,
            ValidityRule.OF_V1,
            List.of(
                    new FlagRule<>(WANT_NESTING_PARENT, IntelIommu.class, List.of(on(IntelIommu.FSTS))),
                    new FlagRule<>(PASID_SUPPORTED, IntelIommu.class, List.of(positive(IntelIommu.PASID_BITS))),
                    new FlagRule<>(WANT_NESTING_PARENT, ArmSmmuv3.class, List.of(on(ArmSmmuv3.ACCEL))),
                    new FlagRule<>(
                            PASID_SUPPORTED, ArmSmmuv3.class, List.of(on(ArmSmmuv3.ACCEL), width(ArmSmmuv3.SSIDSIZE)))),
            DoomRule.OF_V1,
            HostRequirementRule.OF_V1,
            HostResolvedRule.OF_V1);

    private static final Rules V2 = V1.withMoreFlags(
            RulesVersion.V2,
            List.of(
                    new FlagRule<>(WANT_NESTING_DIRTY_TRACKING, IntelIommu.class, List.of(on(IntelIommu.FSTS))),
                    new FlagRule<>(
                            WANT_PASID_ATTACH,
                            IntelIommu.class,
                            List.of(on(IntelIommu.FSTS), positive(IntelIommu.PASID_BITS)))));

    static Rules of(RulesVersion version) {
        return switch (version) {
            case V1 -> V1;
            case V2 -> V2;
        };
    }

    private Rules withMoreFlags(RulesVersion next, List<FlagRule<?>> more) {
        return new Rules(
                next,
                aliases,
                defaults,
                validity,
                Stream.concat(flags.stream(), more.stream()).toList(),
                dooms,
                hostRequirements,
                hostResolved);
    }

    /** The versioned machine type that a written one stands for. */
    String resolve(String type) {
        return aliases.stream()
                .filter(alias -> alias.alias().equals(type))
                .map(MachineAlias::type)
                .findFirst()
                .orElse(type);
    }
}
