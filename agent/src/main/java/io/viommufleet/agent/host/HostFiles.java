package io.viommufleet.agent.host;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.input.Inputs;
import io.viommufleet.common.input.ParsedDocument;
import io.viommufleet.common.input.YamlParser;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.viommu.ConfigurationError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Hosts as a user names them: a YAML file with one or more hosts, a directory with a captured sysfs tree in it, {@code /} for
 * the machine itself, or a directory of all of these. A tree's overlay is the file {@code host.yaml} in its directory.
 */
public final class HostFiles {
    private static final String OVERLAY = "host.yaml";

    private HostFiles() {}

    /**
     * Every host of a path, in order of file name.
     *
     * @throws FleetException NOT_FOUND if nothing is there, USAGE if something there is no host
     */
    public static List<HostSource> find(Path path) {
        if (!Files.exists(path)) {
            throw new FleetException(
                    FleetError.NOT_FOUND, "%s does not exist; a host is a file or a directory".formatted(path));
        }
        if (!Files.isDirectory(path)) {
            return inFile(path);
        }
        if (SysfsHost.isHost(path)) {
            return List.of(new SysfsHost(path, overlay(path.resolve(OVERLAY))));
        }
        List<HostSource> sources = new ArrayList<>();
        for (Path entry : entries(path)) {
            if (SysfsHost.isHost(entry) || isYaml(entry)) {
                sources.addAll(find(entry));
            }
        }
        if (sources.isEmpty()) {
            throw new FleetException(
                    FleetError.NOT_FOUND,
                    "%s holds no host: neither *.yaml nor a directory with sys and proc".formatted(path));
        }
        return sources;
    }

    private static boolean isYaml(Path path) {
        String name = String.valueOf(path.getFileName());
        return Files.isRegularFile(path) && (name.endsWith(".yaml") || name.endsWith(".yml"));
    }

    private static List<Path> entries(Path directory) {
        try (Stream<Path> list = Files.list(directory)) {
            return list.sorted().toList();
        } catch (IOException failure) {
            throw unreadable(directory, failure);
        }
    }

    /** The hosts that a file has now; each is looked up by its name when it is read again. */
    private static List<HostSource> inFile(Path file) {
        return hosts(file).stream()
                .<HostSource>map(host -> new InFile(file, host.metadata().name()))
                .toList();
    }

    private static List<HostInventory> hosts(Path file) {
        List<HostInventory> hosts = new ArrayList<>();
        for (ParsedDocument document : Inputs.read(file.toString(), bytes(file))) {
            switch (document) {
                case ParsedDocument.Host(String _, HostInventory host) -> hosts.add(host);
                case ParsedDocument.Vm vm ->
                    throw new FleetException(
                            FleetError.USAGE,
                            "%s: %s is a VM, not a host".formatted(file, vm.vm().key()));
                case ParsedDocument.Unusable(String _, String name, List<ConfigurationError> errors) ->
                    throw new FleetException(
                            FleetError.USAGE, "%s: host %s cannot be read: %s".formatted(file, name, words(errors)));
            }
        }
        if (hosts.isEmpty()) {
            throw new FleetException(FleetError.USAGE, "%s holds no host (kind: Host)".formatted(file));
        }
        return hosts;
    }

    private static InventoryOverlay overlay(Path file) {
        return scanned -> {
            if (!Files.exists(file)) {
                return scanned;
            }
            return switch (YamlParser.readOverlay(bytes(file))) {
                case YamlParser.Overlay.Read(var overlay) -> overlay.over(scanned, file.toString());
                case YamlParser.Overlay.Unreadable(List<ConfigurationError> errors) ->
                    throw new FleetException(FleetError.USAGE, "%s cannot be read: %s".formatted(file, words(errors)));
            };
        };
    }

    private static String words(List<ConfigurationError> errors) {
        return errors.stream()
                .map(error -> error.property().isEmpty() ? error.message() : error.property() + ": " + error.message())
                .collect(Collectors.joining("; "));
    }

    private static byte[] bytes(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(Inputs.MAX_BYTES + 1);
        } catch (IOException failure) {
            throw unreadable(file, failure);
        }
    }

    private static FleetException unreadable(Path path, IOException failure) {
        return new FleetException(FleetError.FAILED, "%s cannot be read: %s".formatted(path, failure), failure);
    }

    /** One host of a file. */
    private record InFile(Path file, String name) implements HostSource {
        @Override
        public HostInventory read() {
            return hosts(file).stream()
                    .filter(host -> host.metadata().name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new FleetException(
                            FleetError.NOT_FOUND, "%s no longer has the host %s".formatted(file, name)));
        }

        @Override
        public String describe() {
            return file.toString();
        }
    }
}
