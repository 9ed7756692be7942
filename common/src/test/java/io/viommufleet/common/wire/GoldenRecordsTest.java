package io.viommufleet.common.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.FleetTopic;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Records as a released version wrote them: they must be read for ever. Add files; never change one. */
class GoldenRecordsTest {
    private static final JsonMapper MAPPER = new JsonMapper();

    /** One directory for each feature level: v1 is what a program at level 1 wrote. */
    static List<Path> files() throws IOException, URISyntaxException {
        Path directory =
                Path.of(Objects.requireNonNull(GoldenRecordsTest.class.getResource("/records"), "golden records")
                        .toURI());
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void isStillReadAndWrittenTheSame(Path file) throws IOException {
        JsonNode golden = MAPPER.readTree(Files.readAllBytes(file));
        JsonNode record = golden.get("record");
        FleetTopic topic = Arrays.stream(FleetTopic.values())
                .filter(one -> one.topicName().equals(golden.get("topic").asString()))
                .findFirst()
                .orElseThrow();
        byte[] key = golden.get("key").asString().getBytes(UTF_8);
        Decoded decoded = RecordCodec.decode(
                topic, record.get("cell").asInt(), key, record.toString().getBytes(UTF_8));
        assertThat(decoded)
                .isInstanceOfSatisfying(
                        Decoded.Ok.class,
                        ok -> assertThat(new String(RecordCodec.encode(ok.envelope()), UTF_8))
                                .isEqualTo(record.toString()));
    }

    @Test
    void thereIsOneForEveryType() throws IOException, URISyntaxException {
        List<String> types = files().stream()
                .map(file ->
                        MAPPER.readTree(file.toFile()).get("record").get("type").asString())
                .toList();
        assertThat(types)
                .containsAll(Arrays.stream(RecordType.values())
                        .map(RecordType::toString)
                        .collect(Collectors.toSet()));
    }
}
