package io.viommufleet.agent.trace;

import io.viommufleet.agent.iommufd.KernelObserver.KernelCall;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.TracePiece;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What each VMM of a host has called since it was started, so that the trace of any of its attachments can be replayed by itself. When a VM
 * comes back, its new VMM begins anew. One thread.
 */
public final class TraceBook {
    private static final int MOST_CALLS = 4096;

    private final TraceRecorder recorder = new TraceRecorder(MOST_CALLS);
    private final Map<String, History> histories = new HashMap<>();

    private static final class History {
        private final List<KernelCall> calls = new ArrayList<>();
        private long missed;
        private boolean ended;
    }

    /** Hears every call of the host's kernel. */
    public TraceRecorder recorder() {
        return recorder;
    }

    /**
     * All calls since the last time were made by the VMM of one VM.
     *
     * @param vmmGoesOn whether it still holds a device; its trace can be had until the VM is attached again
     */
    public void note(String vm, boolean vmmGoesOn) {
        History history = histories.get(vm);
        if (history == null || history.ended) {
            history = new History();
            histories.put(vm, history);
        }
        note(history, recorder.take());
        history.ended = !vmmGoesOn;
    }

    /** The trace up to now of the VMM that an attachment belongs to. */
    public List<TracePiece> trace(HostInventory host, AttachmentId id, long generation) {
        History history = histories.get(id.vm());
        if (history == null || history.calls.isEmpty()) {
            return List.of();
        }
        List<List<String>> pieces = pieces(TraceEncoder.encode(host, history.calls));
        List<TracePiece> records = new ArrayList<>();
        for (List<String> lines : pieces) {
            records.add(new TracePiece(id, generation, records.size() + 1, pieces.size(), history.missed, lines));
        }
        return records;
    }

    private static void note(History history, TraceRecorder.Recording recording) {
        int room = Math.min(recording.calls().size(), MOST_CALLS - history.calls.size());
        history.calls.addAll(recording.calls().subList(0, room));
        history.missed += recording.missed() + recording.calls().size() - room;
    }

    private static List<List<String>> pieces(List<String> lines) {
        List<List<String>> pieces = new ArrayList<>();
        int characters = 0;
        for (String line : lines) {
            if (pieces.isEmpty() || characters + line.length() > TracePiece.MOST_CHARACTERS) {
                pieces.add(new ArrayList<>());
                characters = 0;
            }
            pieces.getLast().add(line);
            characters += line.length();
        }
        return pieces;
    }
}
