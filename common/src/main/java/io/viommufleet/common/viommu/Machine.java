package io.viommufleet.common.viommu;

import java.util.Optional;

/**
 * The machine of a VM, as written: an alias such as {@code q35} is resolved by the rules version, not here.
 *
 * @param type QEMU's machine type, versioned ({@code pc-q35-10.0}) or an alias ({@code q35})
 * @param defaultBusBypassIommu QEMU's {@code default_bus_bypass_iommu}: the root bus bypasses the vIOMMU; unset is off
 * @param kernelIrqchip QEMU's {@code kernel-irqchip}; unset is the accelerator's default
 * @param highestApicId the highest APIC id that a vCPU of the VM can have (with a flat topology: maximum vCPUs minus
 *     one); unset when it is not known, which counts as small
 */
public record Machine(
        String type,
        Optional<Boolean> defaultBusBypassIommu,
        Optional<KernelIrqchip> kernelIrqchip,
        Optional<Integer> highestApicId) {

    /** A machine of this type with no option set. */
    public static Machine ofType(String type) {
        return new Machine(type, Optional.empty(), Optional.empty(), Optional.empty());
    }
}
