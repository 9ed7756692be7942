package io.viommufleet.agent.core;

import io.viommufleet.common.model.Envelope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What follows from one event. The journal goes to disk first, then the records to Kafka, then the operation runs.
 *
 * @param journal facts to remember
 * @param records to write, in order
 * @param operations to run; at most one
 * @param reset why the host is to be reset, if it is; nothing else follows then, now or later
 */
public record Step(
        List<JournalEntry> journal, List<Envelope> records, List<Operation> operations, Optional<HostReset> reset) {
    public Step {
        journal = List.copyOf(journal);
        records = List.copyOf(records);
        operations = List.copyOf(operations);
    }

    /** Nothing but a reset. */
    static Step reset(HostReset why) {
        return new Step(List.of(), List.of(), List.of(), Optional.of(why));
    }

    /** Collects a step while an event is handled. */
    static final class Draft {
        private final List<JournalEntry> journal = new ArrayList<>();
        private final List<Envelope> records = new ArrayList<>();
        private final List<Operation> operations = new ArrayList<>();

        void remember(JournalEntry entry) {
            journal.add(entry);
        }

        void write(Envelope record) {
            records.add(record);
        }

        void run(Operation operation) {
            operations.add(operation);
        }

        Step step() {
            return new Step(journal, records, operations, Optional.empty());
        }
    }
}
