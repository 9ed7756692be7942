package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * One iommufd ioctl with its arguments. Each implementation is a record of the uapi struct's input fields; {@link #execute} holds the checks in the order
 * in which the kernel makes them.
 *
 * @param <R> what the ioctl writes back
 */
public interface Ioctl<R> {
    /** Name as in the uapi, without the IOMMU prefix. */
    String name();

    /** Does it; called by {@link Iommufd#call}, not by users. */
    R execute(Iommufd context) throws KernelFailure;

    /** Nothing is written back. */
    record Done() {
        /** The only one. */
        public static final Done DONE = new Done();
    }
}
