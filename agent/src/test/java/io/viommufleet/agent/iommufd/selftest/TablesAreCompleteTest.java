package io.viommufleet.agent.iommufd.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tables together: every row once, and how many the emulation is not held to. */
final class TablesAreCompleteTest {
    private static final int SELFTEST_ROWS = 317;
    private static final int CODE_ROWS = 70;
    private static final int NOT_HELD = 0;

    @Test
    void everyRowIsThereOnce() {
        Stream<String> selftest = IntStream.rangeClosed(1, SELFTEST_ROWS).mapToObj(String::valueOf);
        Stream<String> code = IntStream.rangeClosed(1, CODE_ROWS).mapToObj(row -> "C" + row);
        assertThat(rows().stream().map(Row::id))
                .containsExactlyInAnyOrderElementsOf(
                        Stream.concat(selftest, code).toList());
    }

    @Test
    void rowsThatAreNotHeldAreCounted() {
        List<Row> notHeld =
                rows().stream().filter(Row.NotHeld.class::isInstance).toList();
        assertThat(notHeld).as("rows not held, each with its reason").hasSize(NOT_HELD);
    }

    private static List<Row> rows() {
        return Stream.of(
                        new EnvelopeTableTest(),
                        new OptionTableTest(),
                        new MapTableTest(),
                        new FileTableTest(),
                        new RangeTableTest(),
                        new AccessTableTest(),
                        new HwptTableTest(),
                        new InvalidateTableTest(),
                        new HardwareTableTest(),
                        new ContainerTableTest(),
                        new ViommuTableTest(),
                        new PasidTableTest(),
                        new CodeTableTest(),
                        new CodeDeviceTableTest())
                .flatMap(table -> table.rows().stream())
                .toList();
    }
}
