package io.viommufleet.common.viommu;

import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * A passthrough PCI device that QEMU refuses to attach behind a vIOMMU, whatever the host is: in
 * {@code set_iommu_device}, when VFIO registers its notifier, or in {@code supports_address_space}.
 *
 * @param name the rule's name
 * @param model the model of the vIOMMU that governs the device
 * @param dooms which vIOMMUs doom which devices
 * @param message what stands in the way and what to change
 */
record DoomRule<V extends Viommu>(String name, Class<V> model, BiPredicate<V, Behind> dooms, String message) {

    /**
     * A device, as the vIOMMU that governs it sees it.
     *
     * @param emulatedEndpoints the emulated endpoints behind the same vIOMMU
     */
    record Behind(GuestDevice device, boolean aliased, List<String> emulatedEndpoints) {
        boolean legacy() {
            return device.backend() == DeviceBackend.LEGACY;
        }
    }

    static final List<DoomRule<?>> OF_V1 = List.of(
            new DoomRule<>(
                    "caching-mode-off",
                    IntelIommu.class,
                    (iommu, behind) -> !IntelIommu.CACHING_MODE.in(iommu),
                    "an intel-iommu takes an assigned device with caching-mode=on only"),
            new DoomRule<>(
                    "snoop-control-with-vfio",
                    IntelIommu.class,
                    (iommu, behind) -> IntelIommu.SNOOP_CONTROL.in(iommu),
                    "an intel-iommu with snoop-control=on takes no VFIO device: set snoop-control=off"),
            new DoomRule<>(
                    "aliased-under-fsts",
                    IntelIommu.class,
                    (iommu, behind) -> IntelIommu.FSTS.in(iommu) && behind.aliased(),
                    "with fsts=on an assigned device cannot sit behind a conventional PCI bridge: move it to a PCI"
                            + " Express port"),
            new DoomRule<>(
                    "fsts-needs-iommufd",
                    IntelIommu.class,
                    (iommu, behind) -> IntelIommu.FSTS.in(iommu) && behind.legacy(),
                    "with fsts=on an assigned device needs the iommufd backend"),
            new DoomRule<>(
                    "smmuv3-without-accel",
                    ArmSmmuv3.class,
                    (smmu, behind) -> !ArmSmmuv3.ACCEL.in(smmu),
                    "an arm-smmuv3 takes an assigned device with accel=on only"),
            new DoomRule<>(
                    "accel-needs-iommufd",
                    ArmSmmuv3.class,
                    (smmu, behind) -> ArmSmmuv3.ACCEL.in(smmu) && behind.legacy(),
                    "with accel=on an assigned device needs the iommufd backend"),
            new DoomRule<>(
                    "accel-emulated-endpoint",
                    ArmSmmuv3.class,
                    (smmu, behind) -> ArmSmmuv3.ACCEL.in(smmu)
                            && !behind.emulatedEndpoints().isEmpty(),
                    "an arm-smmuv3 with accel=on takes no emulated endpoint: move these to a bus that it does not"
                            + " govern: %s"),
            new DoomRule<>(
                    "amd-without-dma-remap",
                    AmdIommu.class,
                    (iommu, behind) -> !AmdIommu.DMA_REMAP.in(iommu),
                    "an amd-iommu takes an assigned device with dma-remap=on only"));

    /** The doom, if the vIOMMU is of the rule's model and dooms the device. */
    Optional<Doom> check(Viommu viommu, Behind behind) {
        return Optional.of(viommu)
                .filter(model::isInstance)
                .map(model::cast)
                .filter(typed -> dooms.test(typed, behind))
                .map(typed -> new Doom(
                        behind.device().id(),
                        name,
                        message.formatted(Names.list(behind.emulatedEndpoints().stream()))));
    }
}
