package io.viommufleet.agent.host;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.input.Inputs;
import io.viommufleet.common.input.ParsedDocument;
import io.viommufleet.common.model.HostInventory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A host that a YAML file describes.
 *
 * @param file the file
 * @param name which of its hosts; may be left out when there is one
 */
public record YamlHost(Path file, Optional<String> name) implements HostSource {
    @Override
    public HostInventory read() {
        List<HostInventory> hosts = hosts(file).stream()
                .filter(host -> name.isEmpty()
                        || name.filter(host.metadata().name()::equals).isPresent())
                .toList();
        if (hosts.size() == 1) {
            return hosts.getFirst();
        }
        String wanted = name.map(which -> "host " + which).orElse("one host");
        throw new FleetException(
                hosts.isEmpty() ? FleetError.NOT_FOUND : FleetError.USAGE,
                "%s holds %d hosts where %s was expected".formatted(file, hosts.size(), wanted));
    }

    @Override
    public String describe() {
        return file.toString();
    }

    /**
     * Every host of a file.
     *
     * @throws FleetException USAGE if a document in it is no usable host
     */
    static List<HostInventory> hosts(Path file) {
        List<HostInventory> hosts = new ArrayList<>();
        for (ParsedDocument document : Inputs.read(file.toString(), HostFile.read(file))) {
            switch (document) {
                case ParsedDocument.Host(String source, HostInventory host) -> hosts.add(host);
                case ParsedDocument.Vm _, ParsedDocument.Policy _ -> {}
                case ParsedDocument.Unusable unusable -> throw HostFile.unusable(file, unusable.errors());
            }
        }
        return hosts;
    }
}
