package io.viommufleet.common.input;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.input.DecideReport.Entry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** One VM, spelled as libvirt XML and as QEMU arguments, is one VM. */
class PairsTest {
    static final Path PAIRS = Path.of("src/test/resources/input/pairs");
    private static final Path GOLDEN = Path.of("src/test/resources/input/pairs.golden.json");

    static List<Path> xmlFiles() throws IOException {
        try (Stream<Path> files = Files.list(PAIRS)) {
            return files.filter(file -> file.toString().endsWith(".xml"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("xmlFiles")
    void decidesBothSpellingsAlike(Path xml) {
        Entry fromXml = decide(xml);
        Entry fromArguments = decide(Path.of(xml.toString().replace(".xml", ".args")));

        assertThat(fromXml.errors()).isEmpty();
        assertThat(fromArguments.errors()).isEmpty();
        assertThat(fromArguments.vm()).isEqualTo(fromXml.vm());
        assertThat(fromArguments.devices()).isEqualTo(fromXml.devices());
        assertThat(fromArguments.configDigest()).isEqualTo(fromXml.configDigest());
        assertThat(fromArguments.doomed()).isEqualTo(fromXml.doomed());
    }

    @Test
    void answersTheWholeDirectoryAsTheGoldenReportSays() throws IOException {
        DecideResult result = Decide.run(List.of(PAIRS.toString()), InputStream.nullInputStream());

        String json = JsonMapper.shared()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(DecideReport.toJson(result.entries()))
                        .replace("\r\n", "\n")
                + "\n";
        if (Boolean.getBoolean("golden.write")) {
            Files.writeString(GOLDEN, json);
        }
        assertThat(result.exitCode()).isZero();
        assertThat(json).isEqualTo(Files.readString(GOLDEN));
    }

    @Test
    void refusesADocumentType() {
        Entry entry = decideText("<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><domain type='kvm'/>");

        assertThat(entry.errors()).extracting("rule").containsExactly("doctype-refused");
    }

    @Test
    void refusesAnotherHypervisor() {
        Entry entry = decideText("<domain type='xen'><name>x</name><os><type>hvm</type></os></domain>");

        assertThat(entry.errors()).extracting("rule").contains("unsupported-hypervisor");
    }

    @Test
    void namesTheNearestProperty() {
        Entry entry = decideText("-machine q35 -device intel-iommu,cachin-mode=on");

        assertThat(entry.errors())
                .singleElement()
                .satisfies(error -> assertThat(error.message()).contains("caching-mode"));
    }

    @Test
    void failsOnANamedFileOfNoKnownFormat() {
        DecideResult result = Decide.run(List.of("-"), new ByteArrayInputStream("hello".getBytes(UTF_8)));

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.failures()).singleElement().asString().contains("no known format");
    }

    private static Entry decide(Path file) {
        DecideResult result = Decide.run(List.of(file.toString()), InputStream.nullInputStream());
        assertThat(result.failures()).isEmpty();
        return result.entries().getFirst();
    }

    private static Entry decideText(String text) {
        return Decide.run(List.of("-"), new ByteArrayInputStream(text.getBytes(UTF_8)))
                .entries()
                .getFirst();
    }
}
