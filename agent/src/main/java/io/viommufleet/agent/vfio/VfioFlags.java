package io.viommufleet.agent.vfio;

/** Flags of the device calls. */
public final class VfioFlags {
    /** VFIO_DEVICE_BIND_FLAG_TOKEN: the caller proves that it owns the physical function. */
    public static final int BIND_TOKEN = 1;

    /** VFIO_DEVICE_ATTACH_PASID and VFIO_DEVICE_DETACH_PASID: the call is about a PASID. */
    public static final int PASID = 1;

    private VfioFlags() {}
}
