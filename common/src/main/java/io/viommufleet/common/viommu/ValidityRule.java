package io.viommufleet.common.viommu;

import static io.viommufleet.common.viommu.IntelIommu.DEVICE_IOTLB;
import static io.viommufleet.common.viommu.IntelIommu.DMA_TRANSLATION;
import static io.viommufleet.common.viommu.IntelIommu.EIM;
import static io.viommufleet.common.viommu.IntelIommu.FSTS;
import static io.viommufleet.common.viommu.IntelIommu.INTREMAP;
import static io.viommufleet.common.viommu.IntelIommu.PASID_BITS;
import static io.viommufleet.common.viommu.IntelIommu.SCALABLE_MODE;
import static io.viommufleet.common.viommu.IntelIommu.SVM;

import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * A vIOMMU that QEMU refuses to create whatever the host is, or that it would not create the same on every host.
 *
 * @param name the rule's name
 * @param model the model that it is about
 * @param property the property to blame
 * @param brokenBy which vIOMMUs break it, on which machine
 * @param message what is wrong, what is allowed and what to do
 */
record ValidityRule<V extends Viommu>(
        String name,
        Class<V> model,
        PropertyDefinition<V, ?> property,
        BiPredicate<V, Machine> brokenBy,
        String message) {

    /** QEMU {@code vtd_decide_config}, {@code smmu_validate_property} and the realize function of virtio-iommu. */
    static final List<ValidityRule<?>> OF_V1 = List.of(
            intel(
                    "eim-needs-intremap",
                    EIM,
                    (iommu, machine) -> EIM.in(iommu) == OnOffAuto.ON && !remapsInterrupts(iommu, machine),
                    "eim=on needs interrupt remapping: set intremap=on with kernel-irqchip=split or off"),
            intel(
                    "fsts-needs-scalable-mode",
                    FSTS,
                    (iommu, machine) -> FSTS.in(iommu) && !SCALABLE_MODE.in(iommu),
                    "first-stage translation exists in scalable mode only: set scalable-mode=on or fsts=off"),
            intel(
                    "aw-bits-39-or-48",
                    IntelIommu.AW_BITS,
                    (iommu, machine) -> IntelIommu.AW_BITS.in(iommu) != 39 && IntelIommu.AW_BITS.in(iommu) != 48,
                    "the address width of an intel-iommu is 39 or 48"),
            intel(
                    "pasid-needs-scalable-mode",
                    PASID_BITS,
                    (iommu, machine) -> PASID_BITS.in(iommu) > 0 && !SCALABLE_MODE.in(iommu),
                    "PASIDs exist in scalable mode only: set scalable-mode=on or pasid-bits=0"),
            intel(
                    "pasid-bits-at-most-20",
                    PASID_BITS,
                    (iommu, machine) -> PASID_BITS.in(iommu) > 20,
                    "a PASID has at most 20 bits on PCI: set pasid-bits to 0 to 20"),
            intel(
                    "svm-needs-device-iotlb",
                    SVM,
                    (iommu, machine) -> SVM.in(iommu) && !DEVICE_IOTLB.in(iommu),
                    "shared virtual memory needs device-iotlb=on"),
            intel(
                    "svm-needs-fsts",
                    SVM,
                    (iommu, machine) -> SVM.in(iommu) && !FSTS.in(iommu),
                    "shared virtual memory needs fsts=on"),
            intel(
                    "svm-needs-dma-translation",
                    SVM,
                    (iommu, machine) -> SVM.in(iommu) && !DMA_TRANSLATION.in(iommu),
                    "shared virtual memory needs dma-translation=on"),
            intel(
                    "svm-needs-pasid",
                    SVM,
                    (iommu, machine) -> SVM.in(iommu) && PASID_BITS.in(iommu) == 0,
                    "shared virtual memory needs pasid-bits of 1 to 20"),
            smmuv3(
                    "oas-44-or-48",
                    ArmSmmuv3.OAS,
                    smmu -> !ArmSmmuv3.OAS.in(smmu).is(44)
                            && !ArmSmmuv3.OAS.in(smmu).is(48),
                    "the output address size of an arm-smmuv3 is 44 or 48"),
            smmuv3(
                    "ril-off-needs-accel",
                    ArmSmmuv3.RIL,
                    smmu -> !ArmSmmuv3.ACCEL.in(smmu) && ArmSmmuv3.RIL.in(smmu) == OnOffAuto.OFF,
                    "ril can be switched off with accel=on only"),
            smmuv3(
                    "ats-on-needs-accel",
                    ArmSmmuv3.ATS,
                    smmu -> !ArmSmmuv3.ACCEL.in(smmu) && ArmSmmuv3.ATS.in(smmu) == OnOffAuto.ON,
                    "ats can be switched on with accel=on only"),
            smmuv3(
                    "oas-48-needs-accel",
                    ArmSmmuv3.OAS,
                    smmu -> !ArmSmmuv3.ACCEL.in(smmu) && ArmSmmuv3.OAS.in(smmu).is(48),
                    "oas can be 48 with accel=on only"),
            smmuv3(
                    "ssidsize-needs-accel",
                    ArmSmmuv3.SSIDSIZE,
                    smmu -> !ArmSmmuv3.ACCEL.in(smmu)
                            && ArmSmmuv3.SSIDSIZE.in(smmu).isPositive(),
                    "ssidsize can be above 0 with accel=on only"),
            smmuv3(
                    "accel-needs-stage-1",
                    ArmSmmuv3.STAGE,
                    smmu -> ArmSmmuv3.ACCEL.in(smmu) && ArmSmmuv3.STAGE.in(smmu) != TranslationStage.STAGE_1,
                    "with accel=on the guest has stage 1 and the host stage 2: set stage=1 or leave it out"),
            smmuv3(
                    "undecidable-ssidsize",
                    ArmSmmuv3.SSIDSIZE,
                    smmu -> ArmSmmuv3.ACCEL.in(smmu)
                            && ArmSmmuv3.SSIDSIZE.in(smmu).isAuto(),
                    "with accel=on the flag PASID_SUPPORTED would depend on the host: choose ssidsize 0 (no PASID), or"
                            + " 1 to 20 bits"),
            new ValidityRule<>(
                    "aw-bits-32-to-64",
                    VirtioIommu.class,
                    VirtioIommu.AW_BITS,
                    (iommu, machine) -> VirtioIommu.AW_BITS.in(iommu) < 32 || VirtioIommu.AW_BITS.in(iommu) > 64,
                    "the address width of a virtio-iommu is 32 to 64"));

    /** The error, if the vIOMMU is of the rule's model and breaks it. Its defaults must be filled in. */
    Optional<ConfigurationError> check(String path, Viommu viommu, Machine machine) {
        return Optional.of(viommu)
                .filter(model::isInstance)
                .map(model::cast)
                .filter(typed -> brokenBy.test(typed, machine))
                .map(typed -> new ConfigurationError(
                        path + "." + property.name(), property.textIn(typed).orElse("unset"), name, message));
    }

    private static ValidityRule<IntelIommu> intel(
            String name,
            PropertyDefinition<IntelIommu, ?> property,
            BiPredicate<IntelIommu, Machine> brokenBy,
            String message) {
        return new ValidityRule<>(name, IntelIommu.class, property, brokenBy, message);
    }

    private static ValidityRule<ArmSmmuv3> smmuv3(
            String name, PropertyDefinition<ArmSmmuv3, ?> property, Predicate<ArmSmmuv3> brokenBy, String message) {
        return new ValidityRule<>(name, ArmSmmuv3.class, property, (smmu, machine) -> brokenBy.test(smmu), message);
    }

    /** With intremap=auto, interrupts are remapped unless the kernel emulates the whole interrupt controller. */
    private static boolean remapsInterrupts(IntelIommu iommu, Machine machine) {
        return switch (INTREMAP.in(iommu)) {
            case ON -> true;
            case OFF -> false;
            case AUTO -> !machine.kernelIrqchip().equals(Optional.of(KernelIrqchip.ON));
        };
    }
}
