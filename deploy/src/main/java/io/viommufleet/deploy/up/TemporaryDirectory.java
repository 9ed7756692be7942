package io.viommufleet.deploy.up;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A directory for as long as something runs.
 *
 * @param path where it is
 * @param kept whether it stays afterwards
 */
public record TemporaryDirectory(Path path, boolean kept) implements AutoCloseable {
    /** The given directory, which stays; else a new one, which goes. */
    public static TemporaryDirectory orKept(String prefix, Optional<Path> given) {
        try {
            return given.isPresent()
                    ? new TemporaryDirectory(Files.createDirectories(given.get()), true)
                    : new TemporaryDirectory(Files.createTempDirectory(prefix), false);
        } catch (IOException failure) {
            throw new FleetException(FleetError.FAILED, "cannot make a directory for data: " + failure, failure);
        }
    }

    @Override
    public synchronized void close() {
        if (!kept && Files.exists(path)) {
            EmbeddedBroker.deleteData(path);
        }
    }
}
