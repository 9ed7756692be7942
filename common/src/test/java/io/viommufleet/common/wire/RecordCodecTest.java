package io.viommufleet.common.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecordCodecTest {
    private static final int ROUNDS = 200;
    private static final String VM = """
        {"type":"vm","schema":1,"cell":0,"value":{"metadata":{"name":"a"},"spec":{"machine":"q35","memory":"1GiB"}}}\
        """;

    static Stream<Class<?>> types() {
        return RandomRecords.types();
    }

    @ParameterizedTest
    @MethodSource("types")
    void readsBackEveryRecordThatItWrites(Class<?> type) {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("seed " + seed);
        RandomRecords records = new RandomRecords(seed);
        for (int round = 0; round < ROUNDS; round++) {
            Envelope envelope = records.envelope(type);
            byte[] bytes = RecordCodec.encode(envelope);
            Decoded decoded = RecordCodec.decode(
                    envelope.value().topic(), envelope.cell(), RecordCodec.key(envelope.value()), bytes);
            assertThat(decoded)
                    .as("seed %d, %s", seed, new String(bytes, UTF_8))
                    .isEqualTo(new Decoded.Ok(envelope));
            assertThat(RecordCodec.encode(envelope)).isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void neverThrowsWhateverTheBytesAre(Class<?> type) {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        RandomRecords records = new RandomRecords(seed);
        for (int round = 0; round < ROUNDS; round++) {
            Envelope envelope = records.envelope(type);
            byte[] bytes = RecordCodec.encode(envelope);
            for (int change = 0; change < 3; change++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            byte[] mutated = Arrays.copyOf(bytes, bytes.length - random.nextInt(2) * random.nextInt(bytes.length));
            assertThat(RecordCodec.decode(
                            envelope.value().topic(), envelope.cell(), RecordCodec.key(envelope.value()), mutated))
                    .isNotNull();
        }
    }

    @Test
    void everyRecordTypeHasAName() {
        assertThat(Arrays.stream(RecordType.values())
                        .map(RecordType::recordClass)
                        .collect(Collectors.toSet()))
                .hasSize(RecordType.values().length)
                .isEqualTo(RandomRecords.types().collect(Collectors.toSet()));
    }

    @Test
    void aRequestNeedsOnlyWhatAUserKnows() {
        assertThat(decode(FleetTopic.VMS, 0, "a", VM)).isInstanceOf(Decoded.Ok.class);
        assertThat(decode(FleetTopic.VMS, 0, "a", VM.replace("\"cell\":0,", "")))
                .isInstanceOf(Decoded.Ok.class);
    }

    @Test
    void saysWhatIsWrongWithARecord() {
        assertUnreadable(decode(FleetTopic.VMS, 0, "a", "{\"type\":"), "not well-formed JSON");
        assertUnreadable(decode(FleetTopic.VMS, 0, "a", "[1]"), "no JSON object");
        assertUnreadable(decode(FleetTopic.VMS, 0, "a", "[".repeat(100_000)), "not well-formed JSON");
        assertUnreadable(decode(FleetTopic.VMS, 0, "a", VM + "x"), "not well-formed JSON");
        assertUnreadable(
                decode(FleetTopic.VMS, 0, "a", VM.replace("\"vm\"", "\"wm\"")),
                "unknown record type \"wm\"; known are vm");
        assertUnreadable(
                decode(FleetTopic.VMS, 0, "a", VM.replace("\"schema\":1", "\"schema\":9")),
                "unknown schema version 9; supported: 1");
        assertUnreadable(decode(FleetTopic.VMS, 0, "b", VM), "key is 'b' and its value is about 'a'");
        assertUnreadable(decode(FleetTopic.OPERATIONS, 0, "a", VM), "does not belong on fleet.operations");
        assertUnreadable(decode(FleetTopic.VMS, 1, "a", VM), "for cell 0 and lies in a partition of cell 1");
        assertUnreadable(
                decode(FleetTopic.VMS, 0, "a", VM.replace("machine", "machin")),
                "spec.machin: unknown key machin: did you mean machine?");
        assertUnreadable(decode(FleetTopic.VMS, 0, "a", VM.replace("\"cell\"", "\"sell\"")), "unknown key sell");
        assertUnreadable(
                decode(FleetTopic.VMS, 0, "a", VM.replace("1GiB", "lots")), "spec.memory: 'lots' is not allowed");
        assertUnreadable(
                decode(FleetTopic.VMS, 0, "a", VM.replace("\"name\":\"a\"", "\"name\":\"a\",\"name\":\"a\"")),
                "Duplicate");
        assertUnreadable(decode(FleetTopic.VMS, 0, "a", " ".repeat(RecordCodec.MAX_VALUE_BYTES) + VM), "too large");
        assertUnreadable(RecordCodec.decode(FleetTopic.VMS, 0, null, VM.getBytes(UTF_8)), "no key");
        assertThat(RecordCodec.decode(FleetTopic.VMS, 0, "a".getBytes(UTF_8), null))
                .isEqualTo(new Decoded.Tombstone("a"));
    }

    @Test
    void toleratesFieldsThatANewerRoleWrites() {
        String heartbeat = """
            {"type":"heartbeat","schema":1,"cell":0,"boot":"b","incarnation":"i","sequence":4,"mood":"fine",
             "value":{"host":"h","attached":1,"goodbye":false,"load":0.5}}\
            """;
        assertThat(decode(FleetTopic.HEARTBEATS, 0, "h", heartbeat)).isInstanceOf(Decoded.Ok.class);
        assertUnreadable(decode(FleetTopic.HEARTBEATS, 0, "h", heartbeat.replace("\"attached\":1,", "")), "attached");
        assertUnreadable(
                decode(FleetTopic.HEARTBEATS, 0, "h", heartbeat.replace("\"boot\":\"b\",", "")), "has no boot");
    }

    private static Decoded decode(FleetTopic topic, int cell, String key, String value) {
        return RecordCodec.decode(topic, cell, key.getBytes(UTF_8), value.getBytes(UTF_8));
    }

    private static void assertUnreadable(Decoded decoded, String reason) {
        assertThat(decoded)
                .isInstanceOfSatisfying(
                        Decoded.Unreadable.class,
                        unreadable -> assertThat(unreadable.reason()).contains(reason));
    }
}
