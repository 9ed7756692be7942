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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read, passed over and refused, and with which exit code. */
class DecideTest {
    private static final String ARGUMENTS = "qemu-system-x86_64 -name %s -machine q35";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    Path directory;

    @Test
    void passesOverFilesOfADirectoryThatAreNoInput() throws IOException {
        write("b.args", ARGUMENTS.formatted("second"));
        write("a/deep/a.txt", ARGUMENTS.formatted("first"));
        Path readme = write("README", "hello, world");
        Path binary = directory.resolve("image");
        Files.write(binary, new byte[] {0, 1, (byte) 0xff, 3});

        DecideResult result = run(directory);

        assertThat(result.entries()).extracting(Entry::vm).containsExactly("first", "second");
        assertThat(result.skipped()).containsExactlyInAnyOrder(readme.toString(), binary.toString());
        assertThat(result.failures()).isEmpty();
        assertThat(result.exitCode()).isZero();
    }

    @Test
    void failsOnAFileTooLargeAndDecidesTheOthers() throws IOException {
        write("a.args", ARGUMENTS.formatted("small"));
        write("large.args", ARGUMENTS.formatted("large") + " ".repeat(Inputs.MAX_BYTES));

        DecideResult result = run(directory);

        assertThat(result.entries()).extracting(Entry::vm).containsExactly("small");
        assertThat(result.failures())
                .singleElement()
                .asString()
                .contains("large.args", "larger than " + Inputs.MAX_BYTES + " bytes");
        assertThat(result.exitCode()).isEqualTo(1);
    }

    @Test
    void decidesAFileOfExactlyTheLargestSize() {
        String text = ARGUMENTS.formatted("full");

        Entry entry = decided(text + " ".repeat(Inputs.MAX_BYTES - text.length()));

        assertThat(entry.valid()).isTrue();
    }

    @Test
    void refusesTooManyBytesHandedOverDirectly() {
        List<ParsedDocument> documents = Inputs.read("direct", new byte[Inputs.MAX_BYTES + 1]);

        assertThat(documents)
                .singleElement()
                .isInstanceOfSatisfying(
                        ParsedDocument.Unusable.class,
                        unusable ->
                                assertThat(unusable.errors()).extracting("rule").containsExactly("too-large"));
    }

    @Test
    void refusesElementsNestedTooDeep() {
        String tooDeep = "<domain type='kvm'>" + "<a>".repeat(64) + "</a>".repeat(64) + "</domain>";
        String deep = "<domain type='kvm'><metadata>" + "<a>".repeat(62) + "</a>".repeat(62) + "</metadata></domain>";

        assertThat(decided(tooDeep).errors()).extracting("rule").containsExactly("too-deep");
        assertThat(decided(deep).errors()).extracting("rule").doesNotContain("too-deep");
    }

    @Test
    void refusesJsonPropertiesNestedTooDeep() {
        String device = "{\"driver\":\"intel-iommu\",\"x\":" + "[".repeat(1000) + "]".repeat(1000) + "}";

        Entry entry = decided("-machine q35 -device '" + device + "'");

        assertThat(entry.errors()).extracting("rule").containsExactly("malformed-json");
    }

    @Test
    void readsNoFileThatAnEntityNames() throws IOException {
        Path secret = write("secret.txt", "the-secret");
        String domain = "<!DOCTYPE d [<!ENTITY x SYSTEM '%s'>]><domain type='kvm'><name>&x;</name></domain>"
                .formatted(secret.toUri());

        Entry entry = decided(domain);

        assertThat(entry.errors()).extracting("rule").containsExactly("doctype-refused");
        assertThat(entry.toString()).doesNotContain("the-secret");
    }

    @Test
    void refusesAnEntityThatIsNotXmlsOwn() {
        Entry unknown = decided("<domain type='kvm'><name>&x;</name></domain>");
        Entry own = decided("<domain type='kvm'><name>a&amp;b</name><os><type>hvm</type></os></domain>");

        assertThat(unknown.errors()).extracting("rule").containsAnyOf("malformed-xml", "entity-refused");
        assertThat(own.valid()).isTrue();
    }

    @Test
    void namesTheNearestAttributeOfADomain() {
        Entry entry = decided("<domain type='kvm'><os><type arch='x86_64' machine='q35'>hvm</type></os><devices>"
                + "<iommu model='intel'><driver cachingmode='on'/></iommu></devices></domain>");

        assertThat(entry.errors()).singleElement().satisfies(error -> {
            assertThat(error.rule()).isEqualTo("unknown-property");
            assertThat(error.property()).isEqualTo("iommu.driver.cachingmode");
            assertThat(error.message()).contains("did you mean caching_mode?");
        });
    }

    @Test
    void answersZeroForAVmThatItRefuses() {
        DecideResult result = standardInput("-machine q35 -device intel-iommu,cachin-mode=on");

        assertThat(result.entries()).singleElement().matches(entry -> !entry.valid());
        assertThat(result.exitCode()).isZero();
    }

    @Test
    void answersOneForAFileThatIsNotThereAndDecidesTheOthers() throws IOException {
        Path known = write("known.args", ARGUMENTS.formatted("known"));
        Path missing = directory.resolve("missing.args");

        DecideResult result = Decide.run(List.of(missing.toString(), known.toString()), InputStream.nullInputStream());

        assertThat(result.entries()).extracting(Entry::vm).containsExactly("known");
        assertThat(result.failures()).singleElement().asString().startsWith(missing + ": cannot be read");
        assertThat(result.exitCode()).isEqualTo(1);
    }

    @Test
    void answersOneForANamedFileOfNoKnownFormat() throws IOException {
        DecideResult result = run(write("README", "hello, world"));

        assertThat(result.failures()).singleElement().asString().contains("README", "no known format");
        assertThat(result.exitCode()).isEqualTo(1);
    }

    @Test
    void givesALargeGuestExtendedInterruptsUnlessTheDomainSaysOtherwise() {
        String many = "<domain type='kvm'><vcpu>%d</vcpu><os><type arch='x86_64' machine='pc-q35-10.0'>hvm</type></os>"
                + "<devices>%s</devices></domain>";

        assertThat(decided(many.formatted(300, "")).configDigest())
                .isEqualTo(decided(many.formatted(300, "<iommu model='intel'><driver intremap='on' eim='on'/></iommu>"))
                        .configDigest())
                .isNotEqualTo(decided(many.formatted(255, "")).configDigest());
        assertThat(decided(many.formatted(300, "<iommu model='intel'><driver eim='off'/></iommu>"))
                        .configDigest())
                .isNotEqualTo(decided(many.formatted(300, "")).configDigest());
    }

    private Path write(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.resolveSibling("."));
        return Files.writeString(file, text);
    }

    private static DecideResult run(Path path) {
        return Decide.run(List.of(path.toString()), InputStream.nullInputStream());
    }

    private static DecideResult standardInput(String text) {
        return Decide.run(List.of("-"), new ByteArrayInputStream(text.getBytes(UTF_8)));
    }

    private static Entry decided(String text) {
        return standardInput(text).entries().getFirst();
    }
}
