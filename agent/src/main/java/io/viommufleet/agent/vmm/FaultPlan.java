package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.FaultInjector;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostFault.Effect;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The faults of a host as they come due, call by call. A call fails with the errno of the first fault that hits it; delays add up until somebody takes
 * them, so that nothing here waits.
 */
final class FaultPlan implements FaultInjector {
    private final List<HostFault> list;
    private final List<Countdown> countdowns = new ArrayList<>();
    private final Set<Bdf> lost = new HashSet<>();
    private long delayNanos;

    FaultPlan(List<HostFault> faults) {
        this.list = List.copyOf(faults);
        list.forEach(fault -> countdowns.add(new Countdown(fault)));
    }

    /** The faults that this is the plan of. */
    List<HostFault> list() {
        return list;
    }

    @Override
    public @Nullable Errno faultOf(long sequence, String name) {
        Errno first = null;
        for (Countdown countdown : countdowns) {
            if (countdown.hits(name)) {
                switch (countdown.fault.effect()) {
                    case Effect.Fail(String errno) -> first = first == null ? Errno.valueOf(errno) : first;
                    case Effect.Slow(long nanos) -> delayNanos += nanos;
                    case Effect.Lose(Bdf device) -> lost.add(device);
                }
            }
        }
        return first;
    }

    /** How much slower the calls were since this was last asked. */
    long takeDelayNanos() {
        long taken = delayNanos;
        delayNanos = 0;
        return taken;
    }

    /** The devices that are gone. */
    Set<Bdf> lost() {
        return lost;
    }

    /** Counts the calls that a fault concerns. */
    private static final class Countdown {
        private final HostFault fault;
        private long seen;

        Countdown(HostFault fault) {
            this.fault = fault;
        }

        boolean hits(String name) {
            if (fault.ioctl().isPresent() && !fault.ioctl().get().equals(name)) {
                return false;
            }
            seen++;
            return fault.number().isEmpty() || fault.number().get() == seen;
        }
    }
}
