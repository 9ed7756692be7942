package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import org.jspecify.annotations.Nullable;

/**
 * How a call to the emulated kernel ended.
 *
 * @param <R> what it gives back
 */
public final class Result<R> {
    private final @Nullable Errno errno;
    private final @Nullable R output;

    private Result(@Nullable Errno errno, @Nullable R output) {
        this.errno = errno;
        this.output = output;
    }

    /** A call that succeeded. */
    public static <R> Result<R> ok(R output) {
        return new Result<>(null, output);
    }

    /** A call that failed and wrote nothing back. */
    public static <R> Result<R> failed(Errno errno) {
        return new Result<>(errno, null);
    }

    @SuppressWarnings("unchecked") // a failure's output is made by the call whose result type is R
    static <R> Result<R> failed(KernelFailure failure) {
        return new Result<>(failure.errno(), (R) failure.output());
    }

    /** Whether the call succeeded. */
    public boolean isOk() {
        return errno == null;
    }

    /** Why the call failed, or null when it succeeded. */
    public @Nullable Errno errno() {
        return errno;
    }

    /** What ioctl would return: 0 or the negative errno. */
    public int code() {
        return errno == null ? 0 : -errno.number();
    }

    /** What was written back: always there on success, with a few calls on failure too. */
    public @Nullable R output() {
        return output;
    }

    /** The output of a call that the caller knows to have succeeded. */
    public R value() {
        if (errno != null || output == null) {
            throw new IllegalStateException("the call failed with " + errno);
        }
        return output;
    }

    @Override
    public String toString() {
        return errno == null ? "ok " + output : errno.name();
    }
}
