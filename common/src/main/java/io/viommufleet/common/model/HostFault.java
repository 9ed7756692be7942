package io.viommufleet.common.model;

import java.util.List;
import java.util.Optional;

/**
 * Something that goes wrong on an emulated host on purpose. Calls are those into the kernel for VMs: opening a file, and each ioctl; they count from the
 * moment at which the agent takes the faults up, and what it rebuilds when it restarts within a boot is not disturbed.
 *
 * @param ioctl the fault concerns calls of this name only, and {@code number} counts these; empty for all calls
 * @param number which of them, from 1; empty for every one
 * @param effect what goes wrong
 */
public record HostFault(Optional<String> ioctl, Optional<Long> number, Effect effect) {
    /** What a fault can name as {@code ioctl}, and what the kernel calls it. */
    public static final List<String> CALLS = List.of(
            "open",
            "VFIO_DEVICE_BIND_IOMMUFD",
            "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
            "VFIO_DEVICE_DETACH_IOMMUFD_PT",
            "VFIO_DEVICE_GET_INFO",
            "VFIO_DEVICE_RESET",
            "VFIO_SET_IOMMU",
            "VFIO_IOMMU_MAP_DMA",
            "DESTROY",
            "FAULT_QUEUE_ALLOC",
            "GET_HW_INFO",
            "HWPT_ALLOC",
            "HWPT_GET_DIRTY_BITMAP",
            "HWPT_INVALIDATE",
            "HWPT_SET_DIRTY_TRACKING",
            "HW_QUEUE_ALLOC",
            "IOAS_ALLOC",
            "IOAS_ALLOW_IOVAS",
            "IOAS_CHANGE_PROCESS",
            "IOAS_COPY",
            "IOAS_IOVA_RANGES",
            "IOAS_MAP",
            "IOAS_MAP_FILE",
            "IOAS_UNMAP",
            "OPTION",
            "VDEVICE_ALLOC",
            "VEVENTQ_ALLOC",
            "VFIO_IOAS",
            "VIOMMU_ALLOC");

    /** The errnos that a call can be made to fail with: those of iommufd and VFIO. */
    public static final List<String> ERRNOS = List.of(
            "E2BIG",
            "EACCES",
            "EADDRINUSE",
            "EBADF",
            "EBADFD",
            "EBUSY",
            "EDEADLOCK",
            "EEXIST",
            "EFAULT",
            "EINVAL",
            "EIO",
            "EMFILE",
            "EMSGSIZE",
            "ENODEV",
            "ENOENT",
            "ENOMEM",
            "ENOSPC",
            "ENOTTY",
            "ENXIO",
            "EOPNOTSUPP",
            "EOVERFLOW",
            "EPERM",
            "ERANGE",
            "ESPIPE");

    /** The longest delay of one call. */
    public static final long MAX_DELAY_NANOS = 60_000_000_000L;

    /** Refuses names that no call and no errno has, and a number below 1. */
    public HostFault {
        ioctl.ifPresent(name -> require(CALLS.contains(name), "no call is named " + name));
        number.ifPresent(which -> require(which >= 1, "calls count from 1, not " + which));
    }

    /** What goes wrong. */
    public sealed interface Effect {
        /** The call changes nothing and returns this errno. */
        record Fail(String errno) implements Effect {
            /** Refuses an unknown errno. */
            public Fail {
                require(ERRNOS.contains(errno), "no errno is named " + errno);
            }
        }

        /** The call takes longer: whoever waits for the operation that it belongs to learns of its end later by as much. */
        record Slow(long nanos) implements Effect {
            /** Refuses a delay that is not positive or beyond {@link HostFault#MAX_DELAY_NANOS}. */
            public Slow {
                require(nanos > 0 && nanos <= MAX_DELAY_NANOS, "a delay is more than 0 and at most a minute");
            }
        }

        /** After the call the device is gone from the host, as when somebody pulls it out. */
        record Lose(Bdf device) implements Effect {}
    }

    /** The fault in words: {@code HWPT_ALLOC number 2 fails with EINVAL}. */
    public String words() {
        String calls = "%s %s"
                .formatted(
                        ioctl.orElse("call"),
                        number.map(which -> "number " + which).orElse("each time"));
        return switch (effect) {
            case Effect.Fail(String errno) -> "%s fails with %s".formatted(calls, errno);
            case Effect.Slow(long nanos) -> "%s takes %d µs longer".formatted(calls, nanos / 1000);
            case Effect.Lose(Bdf device) -> "after %s device %s is gone".formatted(calls, device);
        };
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
