package io.viommufleet.common.model;

import io.viommufleet.common.viommu.Property;
import java.util.List;

/**
 * One vIOMMU in QEMU's words.
 *
 * @param model QEMU's device name: intel-iommu, arm-smmuv3, virtio-iommu, amd-iommu, riscv-iommu
 * @param properties as written, in order; spelling and validity are the business of {@code common.viommu}
 */
public record ViommuSpec(String model, List<Property> properties) {
    public ViommuSpec {
        properties = List.copyOf(properties);
    }
}
