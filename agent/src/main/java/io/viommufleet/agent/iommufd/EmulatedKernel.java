package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserProcess;
import org.jspecify.annotations.Nullable;

/** The kernel of one host for one boot: what all contexts and devices of that host share. */
public final class EmulatedKernel {
    private final KernelBehaviour behaviour;
    private final boolean allowUnsafeInterrupts;
    private @Nullable KernelObserver observer;
    private FaultInjector faults = FaultInjector.NONE;
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

    /** How many calls were made since boot. */
    public long callCount() {
        return calls;
    }

    /** Opens {@code /dev/iommu} for a process. The context is not in the process's descriptor table until {@link Iommufd#install}. */
    public Iommufd open(UserProcess process) {
        return new Iommufd(this, process, "iommufd" + contexts++);
    }

    /** Runs one call: injected faults first, the observer last. */
    public <R> Result<R> run(String file, String name, Object arguments, Body<R> body) {
        calls++;
        Errno injected = faults.faultOf(calls, name);
        Result<R> result = injected != null ? Result.failed(injected) : attempt(body);
        if (observer != null) {
            observer.called(new KernelObserver.KernelCall(calls, file, name, arguments, result));
        }
        return result;
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
