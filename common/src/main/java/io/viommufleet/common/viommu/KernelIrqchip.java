package io.viommufleet.common.viommu;

import java.util.Optional;

/** QEMU's machine option {@code kernel-irqchip}: who emulates the interrupt controllers. */
public enum KernelIrqchip {
    ON("on"),
    OFF("off"),
    SPLIT("split");

    private final String text;

    KernelIrqchip(String text) {
        this.text = text;
    }

    /** The value with QEMU's name {@code text}. */
    public static Optional<KernelIrqchip> named(String text) {
        return Names.find(values(), KernelIrqchip::toString, text);
    }

    /** QEMU's name of the value. */
    @Override
    public String toString() {
        return text;
    }
}
