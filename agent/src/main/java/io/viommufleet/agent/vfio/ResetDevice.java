package io.viommufleet.agent.vfio;

/** VFIO_DEVICE_RESET, which has no arguments. */
public record ResetDevice() {
    /** Its name. */
    public static final String NAME = "VFIO_DEVICE_RESET";
}
