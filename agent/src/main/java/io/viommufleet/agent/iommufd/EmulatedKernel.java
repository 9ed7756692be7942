package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserProcess;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** The kernel of one host for one boot: what all contexts and devices of that host share. */
public final class EmulatedKernel {
    /** Name of the call that opens a file. */
    public static final String OPEN = "open";

    /** Name of the call that closes a file. */
    public static final String CLOSE = "close";

    private final KernelBehaviour behaviour;
    private final boolean allowUnsafeInterrupts;
    private @Nullable KernelObserver observer;
    private FaultInjector faults = FaultInjector.NONE;
    private String cause = "";
    private long calls;
    private int contexts;

    /**
     * A kernel that has just booted.
     *
     * @param behaviour which kernel it is
     * @param allowUnsafeInterrupts module option of iommufd: bind devices whose MSIs are not isolated
     */
    public EmulatedKernel(KernelBehaviour behaviour, boolean allowUnsafeInterrupts) {
        this.behaviour = behaviour;
        this.allowUnsafeInterrupts = allowUnsafeInterrupts;
    }

    /** Which kernel it is. */
    public KernelBehaviour behaviour() {
        return behaviour;
    }

    /** Whether devices without isolated MSIs may be bound. */
    public boolean allowsUnsafeInterrupts() {
        return allowUnsafeInterrupts;
    }

    /** Sets who is told of every call; null for nobody. */
    public void observe(@Nullable KernelObserver newObserver) {
        observer = newObserver;
    }

    /** Sets which calls fail on purpose. */
    public void inject(FaultInjector injector) {
        faults = injector;
    }

    /** Says what the calls from here on are made for, such as a step of an attach; observers are told. */
    public void because(String newCause) {
        cause = newCause;
    }

    /** How many calls were made since boot. */
    public long callCount() {
        return calls;
    }

    /** Opens {@code /dev/iommu} for a process. The context is not in the process's descriptor table until {@link Iommufd#install}. */
    public Iommufd open(UserProcess process) {
        return new Iommufd(this, process, "iommufd" + contexts++);
    }

    /** The open system call of a process: gives the descriptor. It counts as a call and fails on purpose like one. */
    public Result<Integer> open(String file, String path, IntSupplier installation) {
        return run(file, OPEN, new FileCall.Open(path), installation::getAsInt);
    }

    /** The close system call of a process. It is observed, but neither counted nor failed on purpose: closing a file always works. */
    public void close(UserProcess process, String file, int fd) {
        boolean wasOpen = process.files().close(fd);
        tell(file, CLOSE, new FileCall.Close(fd), wasOpen ? Result.ok(Ioctl.Done.DONE) : Result.failed(Errno.EBADF));
    }

    /** Runs one call: injected faults first, the observer last. */
    public <R> Result<R> run(String file, String name, Object arguments, Body<R> body) {
        calls++;
        Errno injected = faults.faultOf(calls, name);
        Result<R> result = injected != null ? Result.failed(injected) : attempt(body);
        tell(file, name, arguments, result);
        return result;
    }

    private void tell(String file, String name, Object arguments, Result<?> result) {
        if (observer != null) {
            observer.called(new KernelObserver.KernelCall(calls, cause, file, name, arguments, result));
        }
    }

    private static <R> Result<R> attempt(Body<R> body) {
        try {
            return Result.ok(body.run());
        } catch (KernelFailure failure) {
            return Result.failed(failure);
        }
    }

    /**
     * What a call does.
     *
     * @param <R> what it gives back
     */
    @FunctionalInterface
    public interface Body<R> {
        /** Does it. */
        R run() throws KernelFailure;
    }
}
