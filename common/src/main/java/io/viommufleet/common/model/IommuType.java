package io.viommufleet.common.model;

/** The kinds of IOMMU that a host can have, by the names used in host files. */
public enum IommuType {
    /** Registers {@code cap}, {@code ecap}. */
    INTEL_VTD("intel-vtd"),
    /** Registers {@code idr0}..{@code idr5}, {@code iidr}, {@code aidr}. */
    ARM_SMMUV3("arm-smmuv3"),
    /** Registers {@code efr}, {@code efr2}. */
    AMD_VI("amd-vi"),
    /** Values {@code page-size-mask}, {@code range-start}, {@code range-end} of the virtio device. */
    VIRTIO_IOMMU("virtio-iommu"),
    /** No IOMMU: nothing can be attached. */
    NONE("none");

    private final String id;

    IommuType(String id) {
        this.id = id;
    }

    /** The name used in host files and on the log. */
    public String id() {
        return id;
    }
}
