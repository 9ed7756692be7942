package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.VirtualMachine;
import java.util.concurrent.CompletionException;

/** Publishes what a user asks for. */
final class Requests {
    private Requests() {}

    /** Asks for a VM, or for its end, and waits until Kafka has it. */
    static void publish(FleetWriter writer, VirtualMachine vm) {
        send(writer, vm.metadata().cell(), vm);
    }

    /** Asks for an operation, and waits until Kafka has it. */
    static void publish(FleetWriter writer, Operation operation) {
        send(writer, operation.cell(), operation);
    }

    /** Asks for a policy, or for its end, and waits until Kafka has it. */
    static void publish(FleetWriter writer, Policy policy) {
        send(writer, policy.metadata().cell(), policy);
    }

    private static void send(FleetWriter writer, int cell, FleetRecord request) {
        try {
            writer.send(new Envelope(cell, 0, new Origin.User(), request)).join();
        } catch (CompletionException failure) {
            if (failure.getCause() instanceof FleetException known) {
                throw known;
            }
            throw new FleetException(
                    FleetError.FAILED, "%s was not written: %s".formatted(request.key(), failure), failure);
        }
    }
}
