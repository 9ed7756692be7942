package io.viommufleet.agent.vmm;

import java.util.ArrayDeque;
import java.util.Deque;

/** Objects that a guest's step gave up but the kernel would not destroy; they are tried again when their device goes. */
final class LeftOvers {
    private final Deque<Integer> ids = new ArrayDeque<>();

    /** Destroys an object or keeps it for later. */
    void destroy(int id, GuestActivity activity) {
        if (!activity.destroy(id)) {
            ids.add(id);
        }
    }

    /** Destroys what is left; a failure is only noted. */
    void release(VmProcess vm, UndoStack stack) {
        while (!ids.isEmpty()) {
            vm.destroy(ids.remove(), stack);
        }
    }
}
