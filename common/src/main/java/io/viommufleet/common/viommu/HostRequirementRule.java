package io.viommufleet.common.viommu;

import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * A vIOMMU that needs something of a host beyond its IOMMU.
 *
 * @param model the model that it is about
 * @param property the property that asks for it
 * @param asks which vIOMMUs ask for it, on which machine
 * @param need makes the requirement from the path of the property
 */
record HostRequirementRule<V extends Viommu>(
        Class<V> model, PropertyDefinition<V, ?> property, BiPredicate<V, Machine> asks, Need need) {

    /** Makes a requirement. */
    interface Need {
        HostRequirement of(String property);
    }

    /** The highest APIC id that a guest can address without x2APIC; the one above is the broadcast address. */
    private static final int HIGHEST_XAPIC_ID = 254;

    static final List<HostRequirementRule<?>> OF_V1 = List.of(
            new HostRequirementRule<>(
                    IntelIommu.class,
                    IntelIommu.EIM,
                    (iommu, machine) -> IntelIommu.EIM.in(iommu) == OnOffAuto.ON && splitIrqchip(machine),
                    property -> new HostRequirement.KvmX2apicApi(
                            "eim-needs-x2apic-api",
                            property,
                            "eim=on with kernel-irqchip=split needs KVM's x2APIC API")),
            new HostRequirementRule<>(
                    AmdIommu.class,
                    AmdIommu.XTSUP,
                    (iommu, machine) -> AmdIommu.XTSUP.in(iommu) && splitIrqchip(machine),
                    property -> new HostRequirement.KvmX2apicApi(
                            "xtsup-needs-x2apic-api",
                            property,
                            "xtsup=on with kernel-irqchip=split needs KVM's x2APIC API")),
            new HostRequirementRule<>(
                    AmdIommu.class,
                    AmdIommu.XTSUP,
                    (iommu, machine) ->
                            !AmdIommu.XTSUP.in(iommu) && machine.highestApicId().orElse(0) > HIGHEST_XAPIC_ID,
                    property -> new HostRequirement.NotUnderKvm(
                            "apic-ids-need-xtsup",
                            property,
                            "under KVM, APIC ids above 254 need xtsup=on on an amd-iommu")),
            new HostRequirementRule<>(
                    ArmSmmuv3.class,
                    ArmSmmuv3.PRIMARY_BUS,
                    (smmu, machine) -> smmu.perBus(),
                    property -> new HostRequirement.QemuVersion(
                            "per-bus-smmuv3-needs-qemu",
                            property,
                            "an arm-smmuv3 with a primary bus of its own needs QEMU 10.2",
                            10,
                            2)));

    /** The requirement, if the vIOMMU is of the rule's model and asks for it. */
    Optional<HostRequirement> check(String path, Viommu viommu, Machine machine) {
        return Optional.of(viommu)
                .filter(model::isInstance)
                .map(model::cast)
                .filter(typed -> asks.test(typed, machine))
                .map(typed -> need.of(path + "." + property.name()));
    }

    private static boolean splitIrqchip(Machine machine) {
        return machine.kernelIrqchip().equals(Optional.of(KernelIrqchip.SPLIT));
    }
}
