package io.viommufleet.agent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.HostInventory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostSourcesTest {
    private static final String HOST = """
        kind: Host
        metadata: {name: %s}
        spec:
          kernel: "6.12"
          memory: 4GiB
          iommus: [{id: dmar0, type: intel-vtd, cap: "0x1", ecap: "0x2"}]
        """;

    @TempDir
    Path directory;

    @Test
    void readsAHostFileAndAHostOfSeveral() throws IOException {
        Path one = write("one.yaml", HOST.formatted("one"));
        write("two.yaml", HOST.formatted("two-a") + "---\n" + HOST.formatted("two-b"));

        assertThat(HostSources.one(one, Optional.empty()).read().metadata().name())
                .isEqualTo("one");
        assertThat(HostSources.all(directory))
                .extracting(source -> source.read().metadata().name())
                .containsExactly("one", "two-a", "two-b");
    }

    @Test
    void addsWhatAnOverlaySaysToATreeAndSaysWhereItCameFrom() throws IOException {
        Path tree = CapturedTree.unpack("virtio", directory.resolve("captured"));
        Files.writeString(tree.resolve("host.yaml"), """
            kind: Host
            metadata: {name: real-name, cell: 1, labels: {zone: a}}
            spec:
              vmm: "10.2"
              interrupt-remapping: off
              allow-unsafe-interrupts: off
              iommus:
                - {id: "0000:00:11.0", type: virtio-iommu, page-size-mask: "0xfffffffffffff000", range: 0x0-0xffffffff}
              devices: [{bdf: "0000:03:00.0", numa: 1}]
            """);

        HostInventory host = HostSources.one(tree, Optional.empty()).read();

        assertThat(host.metadata().name()).isEqualTo("real-name");
        assertThat(host.metadata().cell()).isEqualTo(1);
        assertThat(host.vmm()).contains("10.2");
        assertThat(host.iommus().getFirst().registers())
                .isEqualTo(Map.of("page-size-mask", 0xfffffffffffff000L, "range-start", 0L, "range-end", 0xffffffffL));
        assertThat(host.sources())
                .containsEntry("vmm", "host.yaml")
                .containsEntry("iommus.0000:00:11.0.page-size-mask", "host.yaml")
                .containsEntry("devices.0000:03:00.0.numa", "host.yaml")
                .doesNotContainKey("iommus.0000:00:11.0.registers");
    }

    @Test
    void refusesAnOverlayThatContradictsTheScan() throws IOException {
        Path tree = CapturedTree.unpack("intel", directory.resolve("captured"));
        Path overlay = write("overlay.yaml", """
            kind: Host
            metadata: {name: intel}
            spec:
              iommus: [{id: dmar0, type: intel-vtd, cap: "0x1"}]
            """);

        assertThatThrownBy(() -> HostSources.one(tree, Optional.of(overlay)).read())
                .isInstanceOf(FleetException.class)
                .hasMessageContaining("iommus.dmar0.cap is 1 by the file and 59110346978166278 by the scan");
    }

    @Test
    void saysWhatIsWrongWithAHostFile() throws IOException {
        Path file = write("bad.yaml", HOST.formatted("bad") + "  colour: green\n");

        assertThatThrownBy(() -> HostSources.one(file, Optional.empty()).read())
                .isInstanceOf(FleetException.class)
                .hasMessageContaining("bad.yaml is no usable host")
                .hasMessageContaining("colour");
    }

    @Test
    void findsNoHostInADirectoryWithoutATree() {
        assertThatThrownBy(() -> HostSources.one(directory, Optional.empty()))
                .isInstanceOf(FleetException.class)
                .hasMessageContaining("expected the directories sys and proc");
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }
}
