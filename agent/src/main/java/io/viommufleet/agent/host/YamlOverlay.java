package io.viommufleet.agent.host;

import io.viommufleet.common.input.HostOverlay;
import io.viommufleet.common.input.YamlParser;
import io.viommufleet.common.model.HostInventory;
import java.nio.file.Path;

/** An overlay in a YAML file of the form of a host file, in which everything but the name may be left out. */
record YamlOverlay(Path file) implements InventoryOverlay {
    @Override
    public HostInventory over(HostInventory scanned) {
        return switch (YamlParser.readOverlay(HostFile.read(file))) {
            case YamlParser.Overlay.Read(HostOverlay said) -> new OverlayMerge(file, scanned, said).merged();
            case YamlParser.Overlay.Unreadable unreadable -> throw HostFile.unusable(file, unreadable.errors());
        };
    }
}
