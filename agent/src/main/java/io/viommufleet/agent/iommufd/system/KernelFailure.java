package io.viommufleet.agent.iommufd.system;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a call inside the emulated kernel ends early. It never leaves the kernel: the entry points turn it into an errno for the caller.
 */
public final class KernelFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private static final Map<Errno, KernelFailure> WITHOUT_OUTPUT = withoutOutput();

    private final Errno errno;
    private final transient @Nullable Object output;

    KernelFailure(Errno errno, @Nullable Object output) {
        super(null, null, false, false);
        this.errno = errno;
        this.output = output;
    }

    static KernelFailure of(Errno errno) {
        return Objects.requireNonNull(WITHOUT_OUTPUT.get(errno));
    }

    private static Map<Errno, KernelFailure> withoutOutput() {
        Map<Errno, KernelFailure> failures = new EnumMap<>(Errno.class);
        for (Errno errno : Errno.values()) {
            failures.put(errno, new KernelFailure(errno, null));
        }
        return failures;
    }

    /** What the caller is told. */
    public Errno errno() {
        return errno;
    }

    /** What is written back in spite of the failure, or null. */
    public @Nullable Object output() {
        return output;
    }

    @Override
    public String getMessage() {
        return errno.name();
    }
}
