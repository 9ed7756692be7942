package io.viommufleet.deploy.view;

import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.TracePiece;
import io.viommufleet.common.wire.Decoded;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The latest trace of a VM: what its VMM asked of the kernel, from its first call on.
 *
 * @param missed calls that were too many to be kept
 * @param lines in the form of the recordings of real kernels, which {@code fleet conformance} replays
 */
public record VmTrace(long missed, List<String> lines) {
    /** Keeps a copy of the lines. */
    public VmTrace {
        lines = List.copyOf(lines);
    }

    /** Reads it from the log; empty when there is none any more, or not yet all of it. */
    public static Optional<VmTrace> read(KafkaConnection kafka, Partitions layout, int cell, String host, String vm) {
        List<LogPartition> partitions = layout.of(FleetTopic.TRACES, cell).stream()
                .map(partition -> new LogPartition(FleetTopic.TRACES, partition))
                .toList();
        TreeMap<Integer, TracePiece> latest = new TreeMap<>();
        try (LogReader reader = new LogReader(kafka, "viommu-traces", layout, partitions)) {
            reader.load(record -> collect(record, host, vm, latest));
        }
        boolean whole = !latest.isEmpty()
                && latest.size() == latest.firstEntry().getValue().pieces();
        if (!whole) {
            return Optional.empty();
        }
        List<String> lines = latest.values().stream()
                .flatMap(piece -> piece.lines().stream())
                .toList();
        return Optional.of(new VmTrace(latest.firstEntry().getValue().missed(), lines));
    }

    private static void collect(LogRecord record, String host, String vm, TreeMap<Integer, TracePiece> latest) {
        if (record.decoded() instanceof Decoded.Ok(Envelope envelope)
                && envelope.value() instanceof TracePiece piece
                && piece.id().host().equals(host)
                && piece.id().vm().equals(vm)) {
            if (piece.piece() == 1) {
                latest.clear();
            }
            latest.put(piece.piece(), piece);
        }
    }
}
