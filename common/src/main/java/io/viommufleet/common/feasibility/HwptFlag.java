package io.viommufleet.common.feasibility;

import io.viommufleet.common.viommu.ViommuFlag;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The flags that QEMU gives to IOMMU_HWPT_ALLOC. */
public enum HwptFlag {
    NEST_PARENT,
    DIRTY_TRACKING,
    PASID;

    /**
     * QEMU's choice (iommufd_cdev_autodomains_get): what the vIOMMU wants, and dirty tracking and PASID only where the host has them. The host never
     * takes NEST_PARENT away.
     *
     * @param wants flags of the vIOMMU
     * @param hostTracksDirty GET_HW_INFO's capability bit
     * @param maxPasidLog2 from GET_HW_INFO
     */
    public static Set<HwptFlag> chosen(Set<ViommuFlag> wants, boolean hostTracksDirty, int maxPasidLog2) {
        EnumSet<HwptFlag> flags = EnumSet.noneOf(HwptFlag.class);
        boolean nesting = wants.contains(ViommuFlag.WANT_NESTING_PARENT);
        if (nesting) {
            flags.add(NEST_PARENT);
        }
        if (hostTracksDirty && (!nesting || wants.contains(ViommuFlag.WANT_NESTING_DIRTY_TRACKING))) {
            flags.add(DIRTY_TRACKING);
        }
        if (maxPasidLog2 > 0 && wants.contains(ViommuFlag.WANT_PASID_ATTACH)) {
            flags.add(PASID);
        }
        return flags;
    }

    /** What QEMU chose before vIOMMUs could say whether they want dirty tracking on a nesting parent: the host alone decided. */
    static Set<HwptFlag> chosenWithDirtyByHost(Set<ViommuFlag> wants, boolean hostTracksDirty, int maxPasidLog2) {
        Set<HwptFlag> flags = chosen(wants, false, maxPasidLog2);
        if (hostTracksDirty) {
            flags.add(DIRTY_TRACKING);
        }
        return flags;
    }

    /** The wants that these flags leave unmet although the attach goes on, in the order of {@link ViommuFlag}. */
    public static List<String> unmet(Set<ViommuFlag> wants, Set<HwptFlag> chosen) {
        List<String> unmet = new ArrayList<>();
        for (ViommuFlag flag : ViommuFlag.values()) {
            if (wants.contains(flag) && !met(flag, chosen)) {
                unmet.add(flag.name());
            }
        }
        return unmet;
    }

    private static boolean met(ViommuFlag want, Set<HwptFlag> chosen) {
        return switch (want) {
            case WANT_NESTING_PARENT, PASID_SUPPORTED -> true;
            case WANT_PASID_ATTACH -> chosen.contains(PASID);
            case WANT_NESTING_DIRTY_TRACKING -> chosen.contains(DIRTY_TRACKING);
        };
    }
}
