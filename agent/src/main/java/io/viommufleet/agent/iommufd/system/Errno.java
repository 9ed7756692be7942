package io.viommufleet.agent.iommufd.system;

/** The error numbers that iommufd and VFIO return, with the values of x86 and arm64 Linux. */
public enum Errno {
    /** Operation not permitted. */
    EPERM(1),
    /** No such object, address or event queue. */
    ENOENT(2),
    /** Input/output error. */
    EIO(5),
    /** No such device or address. */
    ENXIO(6),
    /** Struct has non-zero bytes that this kernel does not know. */
    E2BIG(7),
    /** Bad file descriptor. */
    EBADF(9),
    /** Out of memory, or over the locked-memory limit. */
    ENOMEM(12),
    /** Permission denied. */
    EACCES(13),
    /** Bad address. */
    EFAULT(14),
    /** In use. */
    EBUSY(16),
    /** Exists already. */
    EEXIST(17),
    /** No such device. */
    ENODEV(19),
    /** Understood but wrong. */
    EINVAL(22),
    /** Descriptor table full. */
    EMFILE(24),
    /** No such ioctl. */
    ENOTTY(25),
    /** No room. */
    ENOSPC(28),
    /** Illegal seek: wrong offset or count for a record device. */
    ESPIPE(29),
    /** Result out of range. */
    ERANGE(34),
    /** A user of the memory would not let go. */
    EDEADLOCK(35),
    /** Arithmetic overflow. */
    EOVERFLOW(75),
    /** Descriptor of the wrong kind. */
    EBADFD(77),
    /** Answer does not fit. */
    EMSGSIZE(90),
    /** Unknown flag, non-zero reserved field or unsupported value. */
    EOPNOTSUPP(95),
    /** Range is in the way of another. */
    EADDRINUSE(98);

    private final int number;

    Errno(int number) {
        this.number = number;
    }

    /** The positive number. */
    public int number() {
        return number;
    }

    /** The failure to throw inside the emulated kernel; it carries no stack, so that throwing costs little. */
    public KernelFailure failure() {
        return KernelFailure.of(this);
    }

    /** A failure that still writes {@code output} back to the caller, as a few ioctls do. */
    public KernelFailure failureWith(Object output) {
        return new KernelFailure(this, output);
    }

    /** The errno of {@code number}. */
    public static Errno of(int number) {
        for (Errno errno : values()) {
            if (errno.number == number) {
                return errno;
            }
        }
        throw new IllegalArgumentException("errno " + number + " is not one that iommufd or VFIO returns");
    }
}
