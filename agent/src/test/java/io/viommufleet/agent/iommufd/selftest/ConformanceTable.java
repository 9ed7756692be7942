package io.viommufleet.agent.iommufd.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.KernelBehaviour;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A table as tests: each row runs on a kernel of its own, and must leave no page pinned once its process has closed everything. */
abstract class ConformanceTable {
    /** The rows in their order. */
    abstract List<Row> rows();

    @TestFactory
    Stream<DynamicTest> rowsHold() {
        return rows().stream().map(ConformanceTable::test);
    }

    private static DynamicTest test(Row row) {
        return switch (row) {
            case Row.Held held ->
                DynamicTest.dynamicTest("row %s: %s".formatted(row.id(), row.text()), () -> {
                    Fixture kernel = new Fixture(KernelBehaviour.LINUX_7_0);
                    held.body().run(kernel);
                    kernel.closeEverything();
                });
            case Row.NotHeld notHeld ->
                DynamicTest.dynamicTest(
                        "row %s: %s NOT HELD: %s".formatted(row.id(), row.text(), notHeld.reason()),
                        () -> assertThat(notHeld.reason()).isNotBlank());
        };
    }
}
