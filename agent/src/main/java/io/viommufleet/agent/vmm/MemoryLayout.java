package io.viommufleet.agent.vmm;

import io.viommufleet.common.feasibility.GuestMemory;
import io.viommufleet.common.viommu.VmConfiguration;
import java.util.List;

/** Where the memory of a VM lies in its guest physical address space. */
@FunctionalInterface
public interface MemoryLayout {
    /** The sections that a VMM maps for DMA, in ascending order, of a VM with so much RAM. */
    List<GuestMemory.Section> sections(VmConfiguration configuration, long memoryBytes);
}
