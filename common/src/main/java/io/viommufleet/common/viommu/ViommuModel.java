package io.viommufleet.common.viommu;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The vIOMMU models of QEMU, by the name of their device. */
@SuppressWarnings("ImmutableEnumChecker") // its collections and tables are immutable, which the checker cannot see
public enum ViommuModel {
    INTEL_IOMMU("intel-iommu", IntelIommu.TABLE, EnumSet.of(MachineFamily.Q35), "intel"),
    ARM_SMMUV3("arm-smmuv3", ArmSmmuv3.TABLE, EnumSet.of(MachineFamily.VIRT), "smmuv3"),
    VIRTIO_IOMMU(
            "virtio-iommu-pci",
            VirtioIommu.TABLE,
            EnumSet.of(MachineFamily.Q35, MachineFamily.VIRT),
            "virtio-iommu-pci-non-transitional",
            "virtio-iommu",
            "virtio"),
    AMD_IOMMU("amd-iommu", AmdIommu.TABLE, EnumSet.of(MachineFamily.Q35), "amd"),
    RISCV_IOMMU_PCI("riscv-iommu-pci", RiscvIommu.PCI_TABLE, EnumSet.of(MachineFamily.VIRT), "riscv-iommu"),
    RISCV_IOMMU_SYS("riscv-iommu-sys", RiscvIommu.SYS_TABLE, EnumSet.of(MachineFamily.VIRT));

    private final String text;
    private final PropertyTable<?> table;
    private final Set<MachineFamily> machines;
    private final List<String> otherNames;

    ViommuModel(String text, PropertyTable<?> table, Set<MachineFamily> machines, String... otherNames) {
        this.text = text;
        this.table = table;
        this.machines = machines;
        this.otherNames = List.of(otherNames);
    }

    /** The model with this name: QEMU's device name, its value of the machine option {@code iommu}, or libvirt's. */
    public static Optional<ViommuModel> named(String text) {
        return Arrays.stream(values())
                .filter(model -> model.text.equals(text) || model.otherNames.contains(text))
                .findFirst();
    }

    /** The properties that QEMU knows of the model. */
    public PropertyTable<?> table() {
        return table;
    }

    boolean fits(MachineFamily family) {
        return machines.contains(family);
    }

    /** The machines that can have this vIOMMU, for messages. */
    String machines() {
        return Names.list(machines.stream());
    }

    /** QEMU's device name. */
    @Override
    public String toString() {
        return text;
    }
}
