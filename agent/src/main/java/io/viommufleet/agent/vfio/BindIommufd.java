package io.viommufleet.agent.vfio;

import io.viommufleet.agent.iommufd.system.UserBuffer;

/**
 * VFIO_DEVICE_BIND_IOMMUFD.
 *
 * @param argsz size that the caller gave, unsigned
 * @param flags {@link VfioFlags#BIND_TOKEN} or 0
 * @param iommufd descriptor
 * @param token 16 bytes, with BIND_TOKEN
 */
public record BindIommufd(int argsz, int flags, int iommufd, UserBuffer token) {
    /** Smallest size. */
    public static final int MIN_BYTES = 16;

    /** Size with the token. */
    public static final int FULL_BYTES = 24;

    /**
     * The binding.
     *
     * @param devId device id in the context
     */
    public record Bound(int devId) {}

    /** Without a token. */
    public BindIommufd(int iommufd) {
        this(MIN_BYTES, 0, iommufd, UserBuffer.ofNull());
    }
}
