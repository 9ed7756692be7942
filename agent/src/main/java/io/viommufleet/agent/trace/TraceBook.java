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
 * What each VMM of a host has called since it was started, so that the trace of any of its attachments can be replayed by itself. A VMM that holds no device
 * any more is forgotten. One thread.
 */
public final class TraceBook {
    private static final int MOST_CALLS = 4096;

    private final TraceRecorder recorder = new TraceRecorder(MOST_CALLS);
    private final Map<String, History> histories = new HashMap<>();

    private static final class History {
        private final List<KernelCall> calls = new ArrayList<>();
        private long missed;
    }

    /** Hears every call of the host's kernel. */
    public TraceRecorder recorder() {
        return recorder;
    }

    /** The trace up to now of the VMM of an attachment, for which all calls since the last time were made. */
    public List<TracePiece> take(HostInventory host, AttachmentId id, long generation, boolean vmmGoesOn) {
        History history = histories.computeIfAbsent(id.vm(), vm -> new History());
        note(history, recorder.take());
        if (!vmmGoesOn) {
            histories.remove(id.vm());
        }
        if (history.calls.isEmpty()) {
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
