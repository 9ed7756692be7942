package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENODEV;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;

import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.List;

/**
 * The calls of a VFIO container that an iommufd takes in its place. They work on the IOAS that {@link VfioIoas} chose; without one they are ENODEV.
 */
public final class VfioContainer {
    /** VFIO_TYPE1_IOMMU: areas can be unmapped in part. */
    public static final int TYPE1 = 1;

    /** VFIO_TYPE1v2_IOMMU: only whole areas can be unmapped. */
    public static final int TYPE1_V2 = 3;

    private static final int DMA_CACHE_COHERENT = 4;
    private static final int UNMAP_ALL_EXTENSION = 9;
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int UNMAP_ALL = 2;

    private VfioContainer() {}

    private static Ioas ioasOf(Iommufd context) throws KernelFailure {
        Ioas ioas = context.compatIoas();
        if (ioas == null) {
            throw ENODEV.failure();
        }
        return ioas;
    }

    /**
     * VFIO_CHECK_EXTENSION.
     *
     * @param extension its number
     */
    public record CheckExtension(int extension) implements Ioctl<CheckExtension.Support> {
        /**
         * The answer.
         *
         * @param value 1 if it is there, else 0
         */
        public record Support(int value) {}

        @Override
        public String name() {
            return "VFIO_CHECK_EXTENSION";
        }

        @Override
        public Support execute(Iommufd context) throws KernelFailure {
            boolean there = switch (extension) {
                case TYPE1, TYPE1_V2, UNMAP_ALL_EXTENSION -> true;
                case DMA_CACHE_COHERENT ->
                    ioasOf(context).hwpts().stream()
                            .allMatch(hwpt -> hwpt.domain().coherencyEnforced());
                default -> false;
            };
            return new Support(there ? 1 : 0);
        }
    }

    /**
     * VFIO_SET_IOMMU. TYPE1 turns huge pages off, so that areas can be cut.
     *
     * @param type {@link #TYPE1} or {@link #TYPE1_V2}
     */
    public record SetIommu(int type) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "VFIO_SET_IOMMU";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            if (type != TYPE1 && type != TYPE1_V2) {
                throw EINVAL.failure();
            }
            Ioas ioas = ioasOf(context);
            if (type == TYPE1) {
                ioas.disableHugePages();
            }
            return Done.DONE;
        }
    }

    /** VFIO_IOMMU_GET_INFO. */
    public record GetInfo() implements Ioctl<GetInfo.ContainerInfo> {
        /**
         * What the container offers.
         *
         * @param pageSizes one bit per page size, none below a processor page
         * @param usable IOVAs that are not reserved, ascending
         */
        public record ContainerInfo(long pageSizes, List<IovaRange> usable) {}

        @Override
        public String name() {
            return "VFIO_IOMMU_GET_INFO";
        }

        @Override
        public ContainerInfo execute(Iommufd context) throws KernelFailure {
            Ioas ioas = ioasOf(context);
            long sizes = -1L;
            for (HwptPaging hwpt : ioas.hwpts()) {
                sizes &= hwpt.domain().pageSizes();
            }
            boolean subPage = (sizes & (PAGE_SIZE - 1)) != 0;
            long folded = subPage ? (sizes & -PAGE_SIZE) | PAGE_SIZE : sizes;
            return new ContainerInfo(folded, ioas.space().usableRanges());
        }
    }

    /**
     * VFIO_IOMMU_MAP_DMA: always at the IOVA given; neither reading nor writing need be allowed.
     *
     * @param flags READ 1, WRITE 2
     * @param userVa address of the memory
     * @param iova first IOVA
     * @param lengthBytes how much
     */
    public record MapDma(int flags, long userVa, long iova, long lengthBytes) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "VFIO_IOMMU_MAP_DMA";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            if ((flags & ~(READ | WRITE)) != 0) {
                throw EINVAL.failure();
            }
            Ioas ioas = ioasOf(context);
            IoasMap.checkMemory(context, userVa, lengthBytes);
            int mapFlags = MapFlags.FIXED_IOVA
                    | ((flags & READ) != 0 ? MapFlags.READABLE : 0)
                    | ((flags & WRITE) != 0 ? MapFlags.WRITEABLE : 0);
            IoasMap.map(context, ioas, mapFlags, userVa, lengthBytes, iova);
            return Done.DONE;
        }
    }

    /**
     * VFIO_IOMMU_UNMAP_DMA: nothing to unmap is no failure. How much is gone, be it nothing, is told even when unmapping fails; an area that cannot be cut, or
     * a wrong request, tells nothing.
     *
     * @param flags ALL 2, with iova and length 0
     * @param iova first IOVA
     * @param lengthBytes how much
     */
    public record UnmapDma(int flags, long iova, long lengthBytes) implements Ioctl<IoasUnmap.Unmapped> {
        @Override
        public String name() {
            return "VFIO_IOMMU_UNMAP_DMA";
        }

        @Override
        public IoasUnmap.Unmapped execute(Iommufd context) throws KernelFailure {
            if ((flags & ~UNMAP_ALL) != 0) {
                throw EINVAL.failure();
            }
            Ioas ioas = ioasOf(context);
            if (flags == UNMAP_ALL && (iova != 0 || lengthBytes != 0)) {
                throw EINVAL.failure();
            }
            if (flags != UNMAP_ALL && !ioas.hugePages()) {
                cutAround(ioas);
            }
            Ioas.Unmapping unmapping = new Ioas.Unmapping();
            try {
                unmap(ioas, unmapping);
                return new IoasUnmap.Unmapped(unmapping.bytes());
            } catch (KernelFailure failure) {
                throw failure.errno().failureWith(new IoasUnmap.Unmapped(unmapping.bytes()));
            }
        }

        private void cutAround(Ioas ioas) throws KernelFailure {
            ioas.cutAfter(iova + lengthBytes - 1);
            if (iova != 0) {
                ioas.cutAfter(iova - 1);
            }
        }

        private void unmap(Ioas ioas, Ioas.Unmapping unmapping) throws KernelFailure {
            if (flags == UNMAP_ALL) {
                ioas.unmap(0, -1L, unmapping);
                return;
            }
            if (lengthBytes == 0) {
                throw EINVAL.failure();
            }
            if (addOverflows(iova, lengthBytes - 1)) {
                throw EOVERFLOW.failure();
            }
            ioas.unmap(iova, iova + lengthBytes - 1, unmapping);
        }
    }
}
