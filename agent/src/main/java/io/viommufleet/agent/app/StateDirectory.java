package io.viommufleet.agent.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;

/** The directory in which an agent remembers its boot and its attachments. Locked for as long as it is open. */
final class StateDirectory implements AutoCloseable {
    private final Path directory;
    private final FileChannel lock;

    private StateDirectory(Path directory, FileChannel lock) {
        this.directory = directory;
        this.lock = lock;
    }

    /**
     * Opens and locks a directory, which is made if need be.
     *
     * @throws FleetException CONFLICT if another agent has it, FAILED if it cannot be written
     */
    static StateDirectory open(Path directory) {
        try {
            Files.createDirectories(directory);
            FileChannel channel =
                    FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!locked(channel)) {
                channel.close();
                throw new FleetException(
                        FleetError.CONFLICT,
                        "another agent uses the state directory %s: stop it, or give this one a directory of its own"
                                .formatted(directory));
            }
            return new StateDirectory(directory, channel);
        } catch (IOException failure) {
            throw unusable(directory, failure);
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException sameProcess) {
            return false;
        }
    }

    /**
     * The boot that this host is in.
     *
     * @param kernelBootId what the kernel says; empty for an emulated host, whose boot lasts until the next one is begun
     * @param newBoot begins one
     */
    String boot(Optional<String> kernelBootId, boolean newBoot) {
        Path file = directory.resolve("boot");
        try {
            Optional<String> kept =
                    Files.exists(file) ? Optional.of(Files.readString(file).strip()) : Optional.empty();
            String boot = kernelBootId.orElseGet(() -> kept.filter(id -> !newBoot && !id.isEmpty())
                    .orElseGet(() -> UUID.randomUUID().toString()));
            if (!kept.filter(boot::equals).isPresent()) {
                Durable.replace(file, (boot + "\n").getBytes(UTF_8));
            }
            return boot;
        } catch (IOException failure) {
            throw unusable(directory, failure);
        }
    }

    Path journal() {
        return directory.resolve("journal");
    }

    Path lease() {
        return directory.resolve("lease");
    }

    private static FleetException unusable(Path directory, IOException failure) {
        return new FleetException(
                FleetError.FAILED, "the state directory %s cannot be used: %s".formatted(directory, failure), failure);
    }

    @Override
    public void close() {
        try {
            lock.close(); // and with it the lock
        } catch (IOException failure) {
            throw unusable(directory, failure);
        }
    }
}
