package io.viommufleet.controller.cell;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FeatureLevel;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.wire.Decoded;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.controller.placement.HostFeasibility;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The log that released programs left behind, taken over by today's controller: that of a level holds what the levels before
 * had written, too.
 */
class GoldenReplayTest {
    private static final Path RECORDS = Path.of("..", "common", "src", "test", "resources", "records");
    private static final JsonMapper MAPPER = new JsonMapper();

    static List<Path> versions() throws IOException {
        try (Stream<Path> versions = Files.list(RECORDS)) {
            return versions.sorted().toList();
        }
    }

    @Test
    void everyVersionThatThereIsBelongsToAKnownLevel() throws IOException {
        assertThat(versions()).isNotEmpty().allSatisfy(version -> {
            int number = Integer.parseInt(version.getFileName().toString().substring(1));
            assertThat(number).as(version.toString()).isBetween(FeatureLevel.FIRST, FeatureLevel.LATEST);
        });
    }

    @ParameterizedTest
    @MethodSource("versions")
    void isReplayedIntoTheStateWithoutARefusal(Path version) throws IOException {
        Cell cell = new Cell(CellSettings.DEFAULT, new HostFeasibility(), 0);
        List<Envelope> envelopes = new ArrayList<>();
        for (Path upTo : versions()) {
            if (upTo.compareTo(version) <= 0) {
                envelopes.addAll(read(upTo));
            }
        }

        for (Envelope envelope : envelopes) {
            assertThat(cell.replay(envelope))
                    .as("%s: %s", version, envelope.value())
                    .isEmpty();
        }
        assertThat(cell.leader())
                .isEqualTo(envelopes.stream()
                        .map(Envelope::value)
                        .filter(Leader.class::isInstance)
                        .map(Leader.class::cast)
                        .reduce((_, last) -> last));
        assertThat(cell.summary().vmsByPhase().get(Phase.RUNNING)).isPositive();
        assertThat(cell.summary().hostsByState().values().stream()
                        .mapToLong(Long::longValue)
                        .sum())
                .isPositive();
    }

    private static List<Envelope> read(Path version) throws IOException {
        List<Envelope> envelopes = new ArrayList<>();
        try (Stream<Path> files = Files.list(version)) {
            for (Path file : files.sorted().toList()) {
                envelopes.add(decode(MAPPER.readTree(Files.readAllBytes(file)), file));
            }
        }
        return envelopes;
    }

    private static Envelope decode(JsonNode golden, Path file) {
        FleetTopic topic = Arrays.stream(FleetTopic.values())
                .filter(one -> one.topicName().equals(golden.get("topic").asString()))
                .findFirst()
                .orElseThrow();
        Decoded decoded = RecordCodec.decode(
                topic,
                golden.get("record").get("cell").asInt(),
                golden.get("key").asString().getBytes(UTF_8),
                golden.get("record").toString().getBytes(UTF_8));
        if (decoded instanceof Decoded.Ok(Envelope envelope)) {
            return envelope;
        }
        throw new AssertionError("%s is not read: %s".formatted(file, decoded));
    }
}
