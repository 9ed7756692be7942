package io.viommufleet.deploy.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One broker for all tests of this JVM, started by the first that asks and stopped with the JVM. Tests that stop or restart
 * a broker start their own.
 */
public final class SharedBroker {
    private SharedBroker() {}

    /** What clients take as {@code bootstrap.servers}. */
    public static String bootstrapServers() {
        return Holder.BROKER.bootstrapServers();
    }

    private static final class Holder {
        static final EmbeddedBroker BROKER = start();

        private static EmbeddedBroker start() {
            Path directory = temporaryDirectory();
            EmbeddedBroker broker = EmbeddedBroker.start(BrokerSettings.local(directory));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                broker.close();
                EmbeddedBroker.deleteData(directory);
            }));
            return broker;
        }

        private static Path temporaryDirectory() {
            try {
                return Files.createTempDirectory("viommu-broker-");
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }
}
