package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.system.Errno;
import org.jspecify.annotations.Nullable;

/** Makes calls fail on purpose, before they change anything. */
@FunctionalInterface
public interface FaultInjector {
    /** No faults. */
    FaultInjector NONE = (sequence, name) -> null;

    /** The errno that call number {@code sequence}, an ioctl called {@code name}, shall fail with; null to let it run. */
    @Nullable
    Errno faultOf(long sequence, String name);

    /** Fails call number {@code sequence}, counted from boot, with {@code errno}. */
    static FaultInjector failing(long sequence, Errno errno) {
        return (current, name) -> current == sequence ? errno : null;
    }
}
