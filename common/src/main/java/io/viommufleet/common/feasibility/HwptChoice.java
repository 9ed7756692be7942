package io.viommufleet.common.feasibility;

import io.viommufleet.common.viommu.ViommuFlag;
import java.util.Set;

/** How a VMM chooses the flags that it gives to IOMMU_HWPT_ALLOC. It changed once in QEMU's history. */
@FunctionalInterface
public interface HwptChoice {
    /**
     * The flags.
     *
     * @param wants flags of the vIOMMU
     * @param hostTracksDirty GET_HW_INFO's capability bit
     * @param maxPasidLog2 from GET_HW_INFO
     */
    Set<HwptFlag> choose(Set<ViommuFlag> wants, boolean hostTracksDirty, int maxPasidLog2);

    /** Dirty tracking on a nesting parent only where the vIOMMU wants it. */
    HwptChoice CURRENT = HwptFlag::chosen;

    /** Before QEMU commit 659275f84694: dirty tracking wherever the host has it, nesting parent or not. */
    HwptChoice BEFORE_NESTING_DIRTY_FLAG = HwptFlag::chosenWithDirtyByHost;
}
