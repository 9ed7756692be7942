package io.viommufleet.agent.uapi;

import static io.viommufleet.agent.iommufd.system.Errno.EBADF;
import static io.viommufleet.agent.iommufd.system.Errno.ENOTTY;

import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserProcess;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The ioctl system call of a process. */
public final class SystemCalls {
    private static final int FIRST_IOMMUFD_NUMBER = 0x80;
    private static final int NUMBER_MASK = 0xff;

    private SystemCalls() {}

    /**
     * Calls an ioctl on a descriptor.
     *
     * @param process the caller; pointers inside the struct are addresses of its memory
     * @param fd descriptor of an iommufd or of a VFIO device
     * @param request number of the ioctl
     * @param argument the struct, as the bytes that the caller can read and write: a segment that ends early, or is empty, is a pointer to memory that is
     *     not there. An ioctl that takes a number takes the segment's address
     * @return what the system call gives: 0 or more, or the negative errno
     */
    public static int ioctl(UserProcess process, int fd, int request, MemorySegment argument) {
        return switch (process.files().get(fd)) {
            case null -> failed(EBADF);
            case Iommufd context -> onIommufd(process, context, request, argument);
            case VfioDeviceFile file -> VfioDeviceIoctls.call(process, file, request, argument);
            default -> failed(ENOTTY);
        };
    }

    private static int onIommufd(UserProcess process, Iommufd context, int request, MemorySegment argument) {
        List<IoctlCodec<?, ?>> table = IommufdIoctls.all();
        int last = context.kernel().behaviour().lastIoctl() & NUMBER_MASK;
        int number = request & NUMBER_MASK;
        if (number < FIRST_IOMMUFD_NUMBER || number > last) {
            return VfioContainerIoctls.call(context, request, argument);
        }
        IoctlCodec<?, ?> codec = table.get(number - FIRST_IOMMUFD_NUMBER);
        try {
            Struct.sizeOf(argument);
        } catch (KernelFailure failure) {
            return failed(failure.errno());
        }
        return codec.layout().request() == request ? codec.call(context, process.memory(), argument) : failed(ENOTTY);
    }

    private static int failed(Errno errno) {
        return -errno.number();
    }
}
