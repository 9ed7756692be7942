package io.viommufleet.agent.vfio;

/**
 * What VFIO_DEVICE_GET_INFO says.
 *
 * @param flags VFIO_DEVICE_FLAGS_*
 * @param regions how many there are
 * @param interrupts how many kinds there are
 */
public record DeviceInfo(int flags, int regions, int interrupts) {
    /** VFIO_DEVICE_FLAGS_RESET: it can be reset. */
    public static final int RESET = 1;

    /** VFIO_DEVICE_FLAGS_PCI. */
    public static final int PCI = 2;

    private static final int PCI_REGIONS = 9;
    private static final int PCI_INTERRUPTS = 5;

    /** A function that vfio-pci drives. */
    public static DeviceInfo ofPci(boolean canReset) {
        return new DeviceInfo(PCI | (canReset ? RESET : 0), PCI_REGIONS, PCI_INTERRUPTS);
    }
}
