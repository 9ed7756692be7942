package io.viommufleet.agent.host;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.input.Inputs;
import io.viommufleet.common.viommu.ConfigurationError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Reads the bytes of a host file, and words its errors. */
final class HostFile {
    private HostFile() {}

    /** The bytes, one more than an input may have at most, so that one that is too large is seen to be. */
    static byte[] read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(Inputs.MAX_BYTES + 1);
        } catch (IOException failure) {
            throw new FleetException(
                    FleetError.NOT_FOUND, "the host file %s cannot be read: %s".formatted(file, failure), failure);
        }
    }

    static FleetException unusable(Path file, List<ConfigurationError> errors) {
        String lines = errors.stream()
                .map(error -> error.property().isEmpty() ? error.message() : error.property() + ": " + error.message())
                .collect(Collectors.joining("\n  "));
        return new FleetException(FleetError.USAGE, "%s is no usable host:\n  %s".formatted(file, lines));
    }
}
