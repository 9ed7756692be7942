package io.viommufleet.common.input;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.HostInventory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class YamlParserTest {
    private static final String HOST = """
        kind: Host
        metadata: {name: h}
        spec:
          kernel: '6.12'
          memory: 1GiB
          iommus: [{id: d0, type: intel-vtd}]
        """;

    @Test
    void readsAFileOfAVmAndAHost() throws IOException {
        List<ParsedDocument> documents =
                Inputs.read("fleet.yaml", Files.readAllBytes(Path.of("src/test/resources/input/fleet.yaml")));

        assertThat(documents).hasSize(2);
        assertThat(documents.getFirst()).isInstanceOf(ParsedDocument.Vm.class);
        HostInventory host = ((ParsedDocument.Host) documents.getLast()).host();
        assertThat(host.kernel()).isEqualTo("6.10");
        assertThat(host.memoryBytes()).isEqualTo(512L << 30);
        assertThat(host.iommus().getFirst().registers()).containsEntry("ecap", 0x3ef9e86f050dfL);
        assertThat(host.devices().getFirst().reservedRegions()).hasSize(1);
        assertThat(host.rulesVersions()).containsExactly("1", "2");
    }

    @Test
    void refusesTwoDevicesAtOneAddress() {
        String device = "{bdf: '0000:01:00.0', vendor: 1, device: 2, iommu: d0}";

        assertThat(rules(HOST + "  devices: [%s, %s]\n".formatted(device, device)))
                .containsExactly("bad-value");
    }

    @Test
    void refusesADeviceBehindAnUnknownIommu() {
        assertThat(rules(HOST + "  devices: [{bdf: '0000:01:00.0', vendor: 1, device: 2, iommu: d1}]\n"))
                .containsExactly("bad-value");
    }

    @Test
    void refusesUnknownKeysRepeatedKeysAndAliases() {
        assertThat(rules(HOST + "  kernl: x\n")).containsExactly("unknown-key");
        assertThat(rules(HOST + "  kernel: '6.13'\n")).containsExactly("malformed-yaml");
        assertThat(rules("kind: Host\nmetadata: &m {name: h}\nspec: *m\n")).containsExactly("alias");
        assertThat(rules("kind: Hots\n")).containsExactly("unknown-kind");
    }

    @Test
    void readsAPartialHostAsAnOverlay() {
        YamlParser.Overlay overlay = YamlParser.readOverlay(
                "kind: Host\nmetadata: {name: h}\nspec: {vmm: '10.2', devices: [{bdf: '0000:01:00.0', reset: on}]}"
                        .getBytes(UTF_8));

        assertThat(overlay).isInstanceOfSatisfying(YamlParser.Overlay.Read.class, read -> {
            assertThat(read.overlay().vmm()).contains("10.2");
            assertThat(read.overlay().devices().getFirst().canReset()).contains(true);
        });
    }

    private static List<String> rules(String yaml) {
        return Inputs.read("test", yaml.getBytes(UTF_8)).stream()
                .map(ParsedDocument.Unusable.class::cast)
                .flatMap(document -> document.errors().stream())
                .map(error -> error.rule())
                .toList();
    }
}
