package io.viommufleet.controller.cell;

import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * What has changed since it was last planned. Planning looks at these keys alone, so that a step costs by what happened and
 * not by the size of the cell. A new leader has all of it here, for it has just read everything.
 */
final class Agenda {
    private static final int EXPLAINED_PER_STEP = 16;

    private final TreeSet<String> vms = new TreeSet<>();
    private final TreeSet<String> hosts = new TreeSet<>();
    private final TreeSet<String> operations = new TreeSet<>();
    private final TreeSet<String> policies = new TreeSet<>();
    private final TreeSet<String> waiting = new TreeSet<>();
    private final TreeSet<String> running = new TreeSet<>();
    private boolean roomMayHaveGrown;
    private String lastExplained = "";
    private int toExplain;
    private boolean everyHost;

    void vm(String name) {
        vms.add(name);
    }

    /** A placement was written: its VM is looked at again, and operations that move VMs follow it. */
    void placement(Placement placement) {
        vms.add(placement.key());
        if (placement.phase() == Phase.PENDING) {
            waiting.add(placement.key());
        } else {
            waiting.remove(placement.key());
            toExplain = waiting.size();
        }
        operations.addAll(running);
    }

    void host(String name) {
        hosts.add(name);
        roomMayHaveGrown = true;
    }

    /** What is known of every host is to be judged anew. */
    void allHosts() {
        everyHost = true;
    }

    void operation(String id) {
        operations.add(id);
    }

    /** An operation has come to somewhere; as long as it has not ended, it is looked at whenever a placement changes. */
    void progress(OperationProgress progress) {
        operations.add(progress.id());
        if (progress.ended()) {
            running.remove(progress.id());
        } else {
            running.add(progress.id());
        }
    }

    /** Operations that have not ended, in order of id. */
    List<String> running() {
        return List.copyOf(running);
    }

    void policy(String name) {
        policies.add(name);
    }

    /** A policy counts, or counts no more. */
    void policyChanged(String name) {
        policies.add(name);
        roomMayHaveGrown = true;
    }

    /** Something was given back: VMs that wait may find room now. */
    void room() {
        roomMayHaveGrown = true;
    }

    boolean takeEveryHost() {
        boolean all = everyHost;
        everyHost = false;
        return all;
    }

    List<String> takeHosts() {
        return take(hosts);
    }

    List<String> takePolicies() {
        return take(policies);
    }

    List<String> takeOperations() {
        return take(operations);
    }

    /**
     * Puts the VMs that wait for room on the agenda, where there may be more of it. Where only others have taken some, a few at a
     * time are, in turn, for their reasons may be other ones now.
     */
    void wakeWaiting() {
        if (roomMayHaveGrown) {
            vms.addAll(waiting);
            roomMayHaveGrown = false;
            toExplain = 0;
        }
        for (int n = Math.min(toExplain, EXPLAINED_PER_STEP); n > 0 && !waiting.isEmpty(); n--) {
            lastExplained = Optional.ofNullable(waiting.higher(lastExplained)).orElseGet(waiting::first);
            vms.add(lastExplained);
            toExplain--;
        }
    }

    /** VMs to look at, in order of name, one after the other for as long as there is room in the step; the others stay. */
    Iterable<String> takeVms(BooleanSupplier room) {
        return () -> new Iterator<>() {
            @Override
            public boolean hasNext() {
                return !vms.isEmpty() && room.getAsBoolean();
            }

            @Override
            public String next() {
                return Optional.ofNullable(vms.pollFirst()).orElseThrow(NoSuchElementException::new);
            }
        };
    }

    private static List<String> take(SortedSet<String> keys) {
        List<String> taken = new ArrayList<>(keys);
        keys.clear();
        return taken;
    }
}
