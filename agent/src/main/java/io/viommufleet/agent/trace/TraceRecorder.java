package io.viommufleet.agent.trace;

import io.viommufleet.agent.iommufd.KernelObserver;
import java.util.ArrayList;
import java.util.List;

/** Keeps the calls into a kernel until they are taken, at most so many; of more, the later ones are only counted. One thread. */
public final class TraceRecorder implements KernelObserver {
    private final int mostCalls;
    private List<KernelCall> calls = new ArrayList<>();
    private long missed;

    /** A recorder that keeps at most {@code mostCalls} at a time. */
    public TraceRecorder(int mostCalls) {
        this.mostCalls = mostCalls;
    }

    @Override
    public void called(KernelCall call) {
        if (calls.size() < mostCalls) {
            calls.add(call);
        } else {
            missed++;
        }
    }

    /**
     * What was recorded since the last time.
     *
     * @param calls in their order
     * @param missed how many more there were after them
     */
    public record Recording(List<KernelCall> calls, long missed) {
        /** Keeps a copy. */
        public Recording {
            calls = List.copyOf(calls);
        }
    }

    /** Takes what was recorded. */
    public Recording take() {
        Recording taken = new Recording(calls, missed);
        calls = new ArrayList<>();
        missed = 0;
        return taken;
    }
}
