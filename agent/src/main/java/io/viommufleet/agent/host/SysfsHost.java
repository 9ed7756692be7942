package io.viommufleet.agent.host;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.Names;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A host whose sysfs and procfs are below a directory: {@code /} for the machine itself, anything else for a captured tree.
 *
 * <p>Its name is the machine's own at {@code /}, and the directory's elsewhere; an overlay may say otherwise.
 */
public final class SysfsHost implements HostSource {
    private static final String HOSTNAME = "proc/sys/kernel/hostname";
    private static final String BOOT_ID = "proc/sys/kernel/random/boot_id";

    private final Path directory;
    private final SysfsTree tree;
    private final InventoryOverlay overlay;

    /**
     * Takes a tree.
     *
     * @throws FleetException NOT_FOUND if there is none
     */
    public SysfsHost(Path directory, InventoryOverlay overlay) {
        if (!SysfsTree.isTree(directory)) {
            throw new FleetException(
                    FleetError.NOT_FOUND,
                    "%s holds no host: expected the directories sys and proc in it".formatted(directory));
        }
        this.directory = directory;
        this.tree = new SysfsTree(directory);
        this.overlay = overlay;
    }

    /** Whether a directory holds a host. */
    public static boolean isHost(Path directory) {
        return SysfsTree.isTree(directory);
    }

    @Override
    public HostInventory read() {
        return overlay.over(SysfsScanner.scan(tree, new Metadata(name(), 0, Map.of())));
    }

    @Override
    public String describe() {
        return directory.toString();
    }

    /** The kernel's own id of this boot; empty unless the directory is {@code /}: a captured tree does not boot. */
    public Optional<String> bootId() {
        return isMachine() ? tree.text(BOOT_ID) : Optional.empty();
    }

    private boolean isMachine() {
        return directory.toAbsolutePath().normalize().getNameCount() == 0;
    }

    private String name() {
        String name = isMachine()
                ? tree.text(HOSTNAME).orElse("")
                : String.valueOf(directory.toAbsolutePath().normalize().getFileName());
        try {
            return Names.requireHost(name);
        } catch (IllegalArgumentException unfit) {
            throw new FleetException(
                    FleetError.USAGE,
                    "%s: %s; say metadata.name in an overlay".formatted(directory, unfit.getMessage()),
                    unfit);
        }
    }
}
