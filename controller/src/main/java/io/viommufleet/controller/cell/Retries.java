package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Placement;
import io.viommufleet.controller.lifecycle.Failures;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * When VMs whose attempt failed may be placed again. Soft: the attempts are on the log, the pause is counted by the leader, and a
 * new one starts it afresh.
 */
final class Retries {
    private record Pause(int attempts, long dueNanos, boolean told) {}

    private final Map<String, Pause> pauses = new HashMap<>();

    /** Whether a VM's pause is over; the first question after an attempt starts it. */
    boolean due(Placement placement, long nowNanos) {
        int attempts = placement.attempts().size();
        if (attempts == 0) {
            pauses.remove(placement.key());
            return true;
        }
        Pause pause = pauses.get(placement.key());
        if (pause == null || pause.attempts() != attempts) {
            pause = new Pause(
                    attempts, nowNanos + Failures.pause(placement.attempts()).toNanos(), false);
            pauses.put(placement.key(), pause);
        }
        return nowNanos >= pause.dueNanos();
    }

    /** VMs whose pause has ended since this was last asked. */
    List<String> ended(long nowNanos) {
        List<String> ended = new ArrayList<>();
        pauses.replaceAll((vm, pause) -> {
            if (pause.told() || nowNanos < pause.dueNanos()) {
                return pause;
            }
            ended.add(vm);
            return new Pause(pause.attempts(), pause.dueNanos(), true);
        });
        return ended;
    }
}
