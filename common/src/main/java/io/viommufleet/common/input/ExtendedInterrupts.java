package io.viommufleet.common.input;

import java.util.List;

/**
 * What libvirt does for a q35 guest with more CPUs than 8-bit APIC ids can name: it gives it an intel-iommu with interrupt
 * remapping and extended interrupt mode, and the split irqchip that these need. What the domain says itself stays.
 */
final class ExtendedInterrupts {
    /** The most CPUs without extended interrupt mode. */
    private static final int MAX_CPUS_WITHOUT = 255;

    private static final String IRQCHIP = "kernel-irqchip";

    private ExtendedInterrupts() {}

    static boolean areNeeded(QemuMachine machine) {
        return machine.architecture.filter(name -> !name.equals("x86_64")).isEmpty()
                && machine.machineType.contains("q35")
                && machine.maxCpus.filter(cpus -> cpus > MAX_CPUS_WITHOUT).isPresent();
    }

    static void turnOn(QemuMachine machine) {
        if (!areNeeded(machine)) {
            return;
        }
        List<QemuDevice> iommus = machine.devices.stream()
                .filter(device -> device.driver().equals("intel-iommu"))
                .toList();
        for (QemuDevice iommu : iommus) {
            for (String property : List.of("intremap", "eim")) {
                if (!Spellings.isSet(iommu, property)) {
                    iommu.with(property, "on");
                }
            }
        }
        if (!iommus.isEmpty()) {
            machine.machineOptions.putIfAbsent(IRQCHIP, "split");
        }
    }
}
