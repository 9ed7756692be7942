package io.viommufleet.common.viommu;

import java.util.List;

/** For each property of each model a value other than its default, on a valid vIOMMU that is as rich as possible. */
final class ViommuSamples {
    private ViommuSamples() {}

    /** A valid vIOMMU of the model, in which most properties may change without making it invalid. */
    static List<Property> base(ViommuModel model) {
        List<String> properties = switch (model) {
            case INTEL_IOMMU ->
                List.of("scalable-mode=on", "fsts=on", "pasid-bits=16", "device-iotlb=on", "caching-mode=on");
            case ARM_SMMUV3 -> List.of("accel=on", "primary-bus=pxb", "ssidsize=16");
            case VIRTIO_IOMMU, AMD_IOMMU, RISCV_IOMMU_PCI, RISCV_IOMMU_SYS -> List.of();
        };
        return properties.stream().map(TestVm::property).toList();
    }

    /** Another value of the property than {@link #base} or its default has, with which the vIOMMU stays valid. */
    static Property of(ViommuModel model, String name) {
        String value = switch (model + " " + name) {
            case "intel-iommu version", "riscv-iommu-pci version", "riscv-iommu-sys version" -> "7";
            case "intel-iommu eim", "intel-iommu intremap", "amd-iommu intremap" -> "on";
            case "intel-iommu caching-mode", "intel-iommu fsts", "intel-iommu device-iotlb" -> "off";
            case "intel-iommu aw-bits" -> "39";
            case "intel-iommu scalable-mode" -> "off";
            case "intel-iommu snoop-control", "intel-iommu stale-tm", "intel-iommu svm" -> "on";
            case "intel-iommu pasid-bits" -> "20";
            case "intel-iommu fs1gp", "intel-iommu dma-translation", "intel-iommu pt" -> "off";
            case "arm-smmuv3 primary-bus" -> "pcie.0";
            case "arm-smmuv3 stage" -> "2";
            case "arm-smmuv3 accel" -> "off";
            case "arm-smmuv3 msi-gpa" -> "0x8020040";
            case "arm-smmuv3 ril" -> "off";
            case "arm-smmuv3 ats", "arm-smmuv3 cmdqv" -> "on";
            case "arm-smmuv3 oas" -> "48";
            case "arm-smmuv3 ssidsize" -> "20";
            case "virtio-iommu-pci primary-bus" -> "pxb";
            case "virtio-iommu-pci boot-bypass" -> "off";
            case "virtio-iommu-pci granule" -> "16k";
            case "virtio-iommu-pci aw-bits" -> "40";
            case "virtio-iommu-pci reserved-regions" -> "0xfee00000:0xfeefffff:1";
            case "amd-iommu xtsup", "amd-iommu dma-remap", "amd-iommu device-iotlb" -> "on";
            case "amd-iommu dma-translation", "amd-iommu pt" -> "off";
            case "riscv-iommu-pci ioatc-limit", "riscv-iommu-sys ioatc-limit" -> "9";
            case "riscv-iommu-pci hpm-counters", "riscv-iommu-sys hpm-counters" -> "3";
            default -> {
                if (model != ViommuModel.RISCV_IOMMU_PCI && model != ViommuModel.RISCV_IOMMU_SYS) {
                    throw new AssertionError("no sample for %s of %s: add one".formatted(name, model));
                }
                yield "off";
            }
        };
        return new Property(name, value);
    }
}
