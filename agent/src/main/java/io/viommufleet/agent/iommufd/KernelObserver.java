package io.viommufleet.agent.iommufd;

/** Told of every call into the emulated kernel: the material of traces and of "which step failed with which errno". */
@FunctionalInterface
public interface KernelObserver {
    /** A call ended. */
    void called(KernelCall call);

    /**
     * One call.
     *
     * @param sequence number of the call since boot, from 1
     * @param file what it was made on: the name of a context or of a device file
     * @param name of the ioctl
     * @param arguments record of the input fields
     * @param result how it ended
     */
    record KernelCall(long sequence, String file, String name, Object arguments, Result<?> result) {}
}
