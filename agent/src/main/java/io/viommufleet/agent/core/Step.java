package io.viommufleet.agent.core;

import io.viommufleet.common.model.Envelope;
import java.util.ArrayList;
import java.util.List;

/**
 * What follows from one event. The journal goes to disk first, then the records to Kafka, then the operation runs.
 *
 * @param journal facts to remember
 * @param records to write, in order
 * @param operations to run; at most one
 */
public record Step(List<JournalEntry> journal, List<Envelope> records, List<Operation> operations) {
    public Step {
        journal = List.copyOf(journal);
        records = List.copyOf(records);
        operations = List.copyOf(operations);
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
            return new Step(journal, records, operations);
        }
    }
}
