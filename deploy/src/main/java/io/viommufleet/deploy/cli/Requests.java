package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.VirtualMachine;
import java.util.concurrent.CompletionException;

/** Publishes what a user asks for. */
final class Requests {
    private Requests() {}

    /** Writes a request and waits until Kafka has it. */
    static void publish(FleetWriter writer, VirtualMachine vm) {
        try {
            writer.send(new Envelope(vm.metadata().cell(), 0, new Origin.User(), vm))
                    .join();
        } catch (CompletionException failure) {
            if (failure.getCause() instanceof FleetException known) {
                throw known;
            }
            throw new FleetException(FleetError.FAILED, "%s was not written: %s".formatted(vm.key(), failure), failure);
        }
    }
}
