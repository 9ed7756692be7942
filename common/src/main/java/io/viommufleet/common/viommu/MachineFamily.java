package io.viommufleet.common.viommu;

/** The kinds of machine that we know, each with the name of its root bus. */
enum MachineFamily {
    Q35("q35", "pcie.0"),
    I440FX("pc-i440fx", "pci.0"),
    /** Of Arm, and of RISC-V, which has no versions of it. */
    VIRT("virt", "pcie.0"),
    S390_CCW_VIRTIO("s390-ccw-virtio", "pci.0");

    private final String text;
    private final String rootBus;

    MachineFamily(String text, String rootBus) {
        this.text = text;
        this.rootBus = rootBus;
    }

    String rootBus() {
        return rootBus;
    }

    @Override
    public String toString() {
        return text;
    }
}
