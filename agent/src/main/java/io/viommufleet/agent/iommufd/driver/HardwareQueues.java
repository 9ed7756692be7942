package io.viommufleet.agent.iommufd.driver;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.OptionalInt;

/** Queues that hardware reads straight from guest memory. */
public interface HardwareQueues {
    /**
     * Starts queue {@code index}.
     *
     * @param address of the queue in physical memory, as far as that is modelled: its offset in the memory object that backs it
     * @return index of an earlier queue that must outlive this one
     */
    OptionalInt start(int index, long address, long lengthBytes) throws KernelFailure;

    /** Stops queue {@code index}. */
    void stop(int index);
}
