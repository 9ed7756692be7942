package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.AMD_TELLS_HARDWARE_INFO;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.ATTACH_KNOWS_PASID;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.DIRTY_READ_NEEDS_TRACKING;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.DIRTY_READ_REFUSES_NOTHING;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.FAULTS_ON_PAGING_HWPT;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.FIRST_STAGE_BY_DEFAULT;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.HARDWARE_INFO_BY_TYPE;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.INVALIDATE_LIMITS_ENTRIES;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.INVALIDATE_TELLS_WRONG_TYPE;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.MAP_CHECKS_OVERFLOW_FIRST;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.PASIDS;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.READ_ONLY_PARENT_MAPS_REFUSED;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.SELFTEST_COUNTS_UNMAPPED_DIRTY;
import static io.viommufleet.agent.iommufd.KernelBehaviour.Trait.TOMBSTONES;

import java.util.Set;

/**
 * What differs between the kernels that are modelled, one name per difference. Nothing else in the emulation asks for a version. Measured on 6.12.117 and
 * 7.0.0, or read in the uapi of both.
 *
 * @param name of the kernel series
 * @param lastIoctl number of the last iommufd ioctl; those beyond are ENOTTY
 * @param bindKnownBytes size that VFIO_DEVICE_BIND_IOMMUFD knows: 24 with the token (6.12: 16)
 * @param traits what holds for it, of all that does not hold for every kernel
 */
public record KernelBehaviour(String name, int lastIoctl, int bindKnownBytes, Set<Trait> traits) {
    /** Linux 6.12: nesting, dirty tracking and faults; no viommu objects. */
    public static final KernelBehaviour LINUX_6_12 = new KernelBehaviour(
            "6.12",
            0x3b8e,
            16,
            Set.of(
                    INVALIDATE_LIMITS_ENTRIES,
                    DIRTY_READ_REFUSES_NOTHING,
                    DIRTY_READ_NEEDS_TRACKING,
                    READ_ONLY_PARENT_MAPS_REFUSED));

    /** Linux 7.0: everything of the uapi up to HW_QUEUE_ALLOC. */
    public static final KernelBehaviour LINUX_7_0 = new KernelBehaviour(
            "7.0",
            0x3b94,
            24,
            Set.of(
                    PASIDS,
                    FAULTS_ON_PAGING_HWPT,
                    HARDWARE_INFO_BY_TYPE,
                    ATTACH_KNOWS_PASID,
                    MAP_CHECKS_OVERFLOW_FIRST,
                    INVALIDATE_TELLS_WRONG_TYPE,
                    FIRST_STAGE_BY_DEFAULT,
                    AMD_TELLS_HARDWARE_INFO,
                    TOMBSTONES,
                    SELFTEST_COUNTS_UNMAPPED_DIRTY));

    /** Copies the traits. */
    public KernelBehaviour {
        traits = Set.copyOf(traits);
    }

    /** One difference between kernels. */
    public enum Trait {
        /** HWPT_ALLOC knows the PASID flag, and devices attach PASIDs. */
        PASIDS,
        /** FAULT_ID_VALID is allowed for an IOAS; elsewhere EOPNOTSUPP. */
        FAULTS_ON_PAGING_HWPT,
        /** GET_HW_INFO knows INPUT_TYPE, the PASID width and the ATS bit; elsewhere flags must be 0. */
        HARDWARE_INFO_BY_TYPE,
        /** VFIO_DEVICE_ATTACH_IOMMUFD_PT and DETACH know the PASID flag. */
        ATTACH_KNOWS_PASID,
        /** IOAS_MAP reports user_va + length overflowing before a length out of bounds; elsewhere after. */
        MAP_CHECKS_OVERFLOW_FIRST,
        /** HWPT_INVALIDATE of an existing object of another type is EINVAL; elsewhere ENOENT. */
        INVALIDATE_TELLS_WRONG_TYPE,
        /** HWPT_INVALIDATE refuses entries beyond a page and more than 2^19 of them, before it looks for the object. */
        INVALIDATE_LIMITS_ENTRIES,
        /** GET_DIRTY_BITMAP of no bytes is EINVAL; elsewhere its end wraps, EOVERFLOW. */
        DIRTY_READ_REFUSES_NOTHING,
        /** GET_DIRTY_BITMAP finds nothing while tracking is off; elsewhere it reads regardless. */
        DIRTY_READ_NEEDS_TRACKING,
        /** VT-d refuses a read-only map in a nesting parent with EINVAL; elsewhere it is mapped writeable. */
        READ_ONLY_PARENT_MAPS_REFUSED,
        /** VT-d takes the first stage for a domain without flags. */
        FIRST_STAGE_BY_DEFAULT,
        /** AMD answers GET_HW_INFO with type 4; elsewhere it tells nothing. */
        AMD_TELLS_HARDWARE_INFO,
        /** A vdevice whose device goes away leaves its id unusable. */
        TOMBSTONES,
        /** IOMMU_TEST_OP_DIRTY counts pages that are not mapped. */
        SELFTEST_COUNTS_UNMAPPED_DIRTY
    }

    /** Whether a trait holds. */
    public boolean has(Trait trait) {
        return traits.contains(trait);
    }

    /** The newest modelled kernel that is not above {@code major.minor}; the oldest for anything older. */
    public static KernelBehaviour of(int major, int minor) {
        return major >= 7 ? LINUX_7_0 : LINUX_6_12;
    }
}
