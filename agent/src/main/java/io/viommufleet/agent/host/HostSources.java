package io.viommufleet.agent.host;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the hosts that a path stands for. */
public final class HostSources {
    private static final String OVERLAY = "host.yaml";

    private HostSources() {}

    /**
     * The one host at a path: a YAML file, or a directory that holds {@code sys} and {@code proc}.
     *
     * @param overlay a YAML file that adds to a scan; without it, {@code host.yaml} in the directory if there is one
     * @throws FleetException NOT_FOUND if there is no host, USAGE for an overlay over a YAML host
     */
    public static HostSource one(Path path, Optional<Path> overlay) {
        if (Files.isRegularFile(path)) {
            if (overlay.isPresent()) {
                throw new FleetException(
                        FleetError.USAGE, "%s is a whole host already; an overlay adds to a scan".formatted(path));
            }
            return new YamlHost(path, Optional.empty());
        }
        Optional<Path> beside = Optional.of(path.resolve(OVERLAY)).filter(Files::isRegularFile);
        return new SysfsHost(
                path,
                overlay.or(() -> beside).<InventoryOverlay>map(YamlOverlay::new).orElse(InventoryOverlay.NONE));
    }

    /** Every host at a path: those of a YAML file, a tree, or those of each such thing in a directory, by name. */
    public static List<HostSource> all(Path path) {
        if (Files.isRegularFile(path)) {
            return YamlHost.hosts(path).stream()
                    .<HostSource>map(host ->
                            new YamlHost(path, Optional.of(host.metadata().name())))
                    .toList();
        }
        if (SysfsHost.isHost(path)) {
            return List.of(one(path, Optional.empty()));
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.sorted()
                    .filter(entry -> SysfsHost.isHost(entry) || isYaml(entry))
                    .flatMap(entry -> all(entry).stream())
                    .toList();
        } catch (IOException failure) {
            throw new FleetException(FleetError.NOT_FOUND, "no hosts at %s: %s".formatted(path, failure), failure);
        }
    }

    private static boolean isYaml(Path path) {
        String name = String.valueOf(path.getFileName());
        return Files.isRegularFile(path) && (name.endsWith(".yaml") || name.endsWith(".yml"));
    }
}
