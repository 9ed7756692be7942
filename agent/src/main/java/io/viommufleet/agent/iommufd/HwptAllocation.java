package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.NestedDomain;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import org.jspecify.annotations.Nullable;

/** How HWPTs come to be, by HWPT_ALLOC or by attaching to an IOAS. */
final class HwptAllocation {
    private HwptAllocation() {}

    /**
     * A HWPT that translates an IOAS.
     *
     * @param attachPasid slot to attach the device in before the IOAS is translated, or null
     */
    static HwptPaging allocatePaging(
            Device device, int id, Ioas ioas, int flags, UserData data, @Nullable Integer attachPasid)
            throws KernelFailure {
        checkPagingFlags(device, flags, data);
        PagingDomain domain = device.hardware().allocatePaging(flags & ~HwptFlags.FAULT_ID_VALID, data);
        boolean nestParent = (flags & HwptFlags.NEST_PARENT) != 0;
        HwptPaging hwpt = new HwptPaging(device.context(), id, ioas, domain, nestParent);
        hwpt.setPasidCompatible((flags & HwptFlags.PASID) != 0);
        try {
            hwpt.enforceCoherencyFor(device);
            if (attachPasid != null) {
                device.attachTo(attachPasid, hwpt);
            }
            joinOrDetach(device, hwpt, attachPasid);
            return hwpt;
        } catch (KernelFailure failure) {
            hwpt.destroy();
            throw failure;
        }
    }

    /** A HWPT on a nesting parent. */
    static HwptNested allocateNested(Device device, int id, HwptPaging parent, int flags, UserData data)
            throws KernelFailure {
        IommuDevice hardware = device.hardware();
        if (!nestedFlagsKnown(device.context(), flags) || !data.present() || !hardware.nestsDirectly()) {
            throw EOPNOTSUPP.failure();
        }
        boolean foreign = !hardware.driver().equals(parent.domain().driver());
        if (parent.isAutomatic() || !parent.isNestParent() || foreign) {
            throw EINVAL.failure();
        }
        NestedDomain domain = hardware.allocateNested(parent.domain(), flags & ~HwptFlags.FAULT_ID_VALID, data);
        return nested(new HwptNested(device.context(), id, domain, parent, null), flags);
    }

    /** A HWPT through a viommu. */
    static HwptNested allocateNested(Device device, int id, Viommu viommu, int flags, UserData data)
            throws KernelFailure {
        if (!viommu.hardware().serves(device.hardware())) {
            throw EINVAL.failure();
        }
        boolean able = data.present() && viommu.hardware().nests();
        if (!nestedFlagsKnown(device.context(), flags) || !able) {
            throw EOPNOTSUPP.failure();
        }
        NestedDomain domain = viommu.hardware().allocateNested(flags & ~HwptFlags.FAULT_ID_VALID, data);
        return nested(new HwptNested(device.context(), id, domain, viommu.parent(), viommu), flags);
    }

    private static HwptNested nested(HwptNested hwpt, int flags) {
        hwpt.setPasidCompatible((flags & HwptFlags.PASID) != 0);
        return hwpt;
    }

    private static void joinOrDetach(Device device, HwptPaging hwpt, @Nullable Integer attachPasid)
            throws KernelFailure {
        try {
            hwpt.ioas().join(hwpt);
        } catch (KernelFailure failure) {
            if (attachPasid != null) {
                device.detach(attachPasid);
            }
            throw failure;
        }
    }

    private static void checkPagingFlags(Device device, int flags, UserData data) throws KernelFailure {
        KernelBehaviour kernel = device.context().kernel().behaviour();
        if ((flags != 0 || data.present()) && !device.hardware().takesDomainFlags()) {
            throw EOPNOTSUPP.failure();
        }
        int known = HwptFlags.NEST_PARENT
                | HwptFlags.DIRTY_TRACKING
                | (kernel.has(Trait.FAULTS_ON_PAGING_HWPT) ? HwptFlags.FAULT_ID_VALID : 0)
                | (kernel.has(Trait.PASIDS) ? HwptFlags.PASID : 0);
        boolean dirtyMissing = (flags & HwptFlags.DIRTY_TRACKING) != 0
                && !device.hardware().traits().dirtyTracking();
        int faultingParent = HwptFlags.FAULT_ID_VALID | HwptFlags.NEST_PARENT;
        if ((flags & ~known) != 0 || dirtyMissing || (flags & faultingParent) == faultingParent) {
            throw EOPNOTSUPP.failure();
        }
    }

    private static boolean nestedFlagsKnown(Iommufd context, int flags) {
        int known = HwptFlags.FAULT_ID_VALID | (context.kernel().behaviour().has(Trait.PASIDS) ? HwptFlags.PASID : 0);
        return (flags & ~known) == 0;
    }
}
