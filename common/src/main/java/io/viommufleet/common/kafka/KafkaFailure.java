package io.viommufleet.common.kafka;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;

/** Turns what Kafka's clients throw into the fleet's errors, once, at the edge. */
final class KafkaFailure {
    private KafkaFailure() {}

    /** Says what was being done, with whom, and what came of it. */
    static FleetException of(String doing, KafkaConnection connection, Throwable failure) {
        Throwable cause = rootOf(failure);
        if (cause instanceof FleetException already) {
            return already;
        }
        if (fenced(failure)) {
            return new Fenced("%s: another writer has taken over (%s)".formatted(doing, cause.getMessage()), cause);
        }
        if (failureIs(failure, TimeoutException.class) || failureIs(failure, DisconnectException.class)) {
            return new FleetException(
                    FleetError.UNREACHABLE,
                    "Kafka at %s did not answer within %d s (%s): is it running, and is --bootstrap-server right?"
                            .formatted(
                                    connection.bootstrapServers(),
                                    connection.deadline().toSeconds(),
                                    doing),
                    cause);
        }
        if (failureIs(failure, ConfigException.class)) {
            return new FleetException(
                    FleetError.UNREACHABLE,
                    "Kafka at '%s' cannot be reached: %s".formatted(connection.bootstrapServers(), cause.getMessage()),
                    cause);
        }
        if (failureIs(failure, AuthenticationException.class) || failureIs(failure, AuthorizationException.class)) {
            return new FleetException(
                    FleetError.FAILED,
                    "Kafka at %s does not allow this (%s): %s"
                            .formatted(connection.bootstrapServers(), doing, cause.getMessage()),
                    cause);
        }
        return new FleetException(
                FleetError.FAILED,
                "Kafka at %s failed (%s): %s".formatted(connection.bootstrapServers(), doing, cause),
                cause);
    }

    static FleetException interrupted(String doing, InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return new FleetException(FleetError.FAILED, "interrupted while " + doing, interrupted);
    }

    /** Whether Kafka says that a newer producer with the same transactional id exists. */
    static boolean fenced(Throwable failure) {
        return failureIs(failure, ProducerFencedException.class)
                || failureIs(failure, InvalidProducerEpochException.class);
    }

    static boolean failureIs(Throwable failure, Class<? extends Throwable> type) {
        for (Throwable one = failure; one != null; one = one.getCause()) {
            if (type.isInstance(one)) {
                return true;
            }
        }
        return false;
    }

    private static Throwable rootOf(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null
                && (root instanceof ExecutionException
                        || root instanceof CompletionException
                        || root.getClass() == KafkaException.class)) {
            root = root.getCause();
        }
        return root;
    }
}
