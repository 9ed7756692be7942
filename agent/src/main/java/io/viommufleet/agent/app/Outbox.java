package io.viommufleet.agent.app;

import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.TracePiece;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records on their way to Kafka. What an outage loses is sent again until it is there, the latest of each key only; a lost
 * heartbeat is not, since the next one says more. Used by the loop's thread; acknowledgements come from the producer's.
 */
final class Outbox {
    private static final Logger LOGGER = LoggerFactory.getLogger(Outbox.class);

    private record Sent(Envelope envelope, long sentNanos, boolean acknowledged) {}

    private final Map<String, Envelope> waiting = new LinkedHashMap<>();
    private final Queue<Sent> answers = new ConcurrentLinkedQueue<>();
    private boolean failing;

    void send(FleetWriter writer, Envelope envelope, long nowNanos) {
        if (!(envelope.value() instanceof Heartbeat)) {
            waiting.remove(key(envelope));
            waiting.put(key(envelope), envelope);
        }
        transmit(writer, envelope, nowNanos);
    }

    /** Keeps a record until there is a writer. */
    void hold(Envelope envelope) {
        waiting.remove(key(envelope));
        waiting.put(key(envelope), envelope);
    }

    /** Sends everything that was held. */
    void release(FleetWriter writer, long nowNanos) {
        List.copyOf(waiting.values()).forEach(envelope -> transmit(writer, envelope, nowNanos));
    }

    /**
     * Takes note of what Kafka has answered, and sends again what it did not take.
     *
     * @return when the heartbeats that were acknowledged had been sent
     */
    List<Long> collect(FleetWriter writer, long nowNanos) {
        List<Long> heartbeats = new ArrayList<>();
        for (Sent sent = answers.poll(); sent != null; sent = answers.poll()) {
            boolean current = sent.envelope().equals(waiting.get(key(sent.envelope())));
            if (sent.acknowledged()) {
                note(false);
                if (current) {
                    waiting.remove(key(sent.envelope()));
                }
                if (sent.envelope().value() instanceof Heartbeat) {
                    heartbeats.add(sent.sentNanos());
                }
            } else {
                note(true);
                if (current) {
                    transmit(writer, sent.envelope(), nowNanos);
                }
            }
        }
        return heartbeats;
    }

    private void transmit(FleetWriter writer, Envelope envelope, long nowNanos) {
        var _ = writer.send(envelope)
                .whenComplete((offset, failure) -> answers.add(new Sent(envelope, nowNanos, failure == null)));
    }

    private void note(boolean nowFailing) {
        if (nowFailing != failing) {
            failing = nowFailing;
            if (nowFailing) {
                LOGGER.atWarn().log("kafka does not take records; they are kept and sent again");
            } else {
                LOGGER.atInfo().log("kafka takes records again");
            }
        }
    }

    private static String key(Envelope envelope) {
        FleetRecord value = envelope.value();
        String key = value.topic().topicName() + "/" + value.key();
        return value instanceof TracePiece piece
                ? "%s/%d/%d".formatted(key, piece.attachmentGeneration(), piece.piece())
                : key;
    }
}
