package io.viommufleet.common.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whatever is done to our fixtures, reading and deciding them never throws, and what is answered is bounded by their size. */
class MutationTest {
    private static final int ROUNDS = 4000;
    private static final int MAX_LENGTH = 64 << 10;

    @Test
    void neverThrowsForMutatedInputs() throws IOException {
        long seed = Long.getLong("seed", 20261124L);
        System.out.println("MutationTest seed " + seed);
        Random random = new Random(seed);
        List<byte[]> fixtures = fixtures();
        for (int round = 0; round < ROUNDS; round++) {
            byte[] mutant = fixtures.get(random.nextInt(fixtures.size()));
            for (int step = random.nextInt(4); step >= 0; step--) {
                mutant = mutate(mutant, random);
            }
            byte[] input = mutant;
            List<ParsedDocument> documents = Inputs.read("mutant", input);
            documents.forEach(DecideReport::of);
            assertThat(documents).hasSizeLessThanOrEqualTo(input.length);
        }
    }

    private static List<byte[]> fixtures() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/test/resources/input"))) {
            List<Path> sorted = files.filter(Files::isRegularFile)
                    .filter(file -> !file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
            java.util.ArrayList<byte[]> read = new java.util.ArrayList<>();
            for (Path file : sorted) {
                read.add(Files.readAllBytes(file));
            }
            return read;
        }
    }

    private static byte[] mutate(byte[] bytes, Random random) {
        if (bytes.length < 2) {
            return bytes;
        }
        int from = random.nextInt(bytes.length);
        int to = Math.min(bytes.length, from + 1 + random.nextInt(200));
        return switch (random.nextInt(5)) {
            case 0 -> java.util.Arrays.copyOf(bytes, from); // truncate
            case 1 -> flip(bytes, from, random);
            case 2 -> join(bytes, 0, to, bytes, from, bytes.length); // duplicate
            case 3 -> join(bytes, 0, from, bytes, to, bytes.length); // delete
            default -> nest(bytes, from, to, random);
        };
    }

    private static byte[] flip(byte[] bytes, int at, Random random) {
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << random.nextInt(8));
        return flipped;
    }

    private static byte[] nest(byte[] bytes, int from, int to, Random random) {
        byte[] nested = bytes;
        for (int times = random.nextInt(100); times > 0 && nested.length < MAX_LENGTH; times--) {
            nested = join(nested, 0, to, bytes, from, to, nested, to);
        }
        return nested;
    }

    private static byte[] join(byte[] a, int aFrom, int aTo, byte[] b, int bFrom, int bTo) {
        return join(a, aFrom, aTo, b, bFrom, bTo, a, a.length);
    }

    private static byte[] join(byte[] a, int aFrom, int aTo, byte[] b, int bFrom, int bTo, byte[] c, int cFrom) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.write(a, aFrom, aTo - aFrom);
        joined.write(b, bFrom, bTo - bFrom);
        joined.write(c, cFrom, c.length - cFrom);
        return joined.toByteArray();
    }
}
