package io.viommufleet.agent.iommufd;

/** Told of every call into the emulated kernel: the material of traces and of "which step failed with which errno". */
@FunctionalInterface
public interface KernelObserver {
    /** A call ended. */
    void called(KernelCall call);

    /**
     * One call.
     *
     * @param sequence number of the call since boot, from 1; closing a file has that of the call before it
     * @param cause what it was made for, in words of {@link EmulatedKernel#because}
     * @param file what it was made on: the name of a context or of a device file
     * @param name of the ioctl or system call
     * @param arguments record of the input fields; a {@link FileCall} for opening and closing
     * @param result how it ended
     */
    record KernelCall(long sequence, String cause, String file, String name, Object arguments, Result<?> result) {}
}
