package io.viommufleet.controller.cell;

import static io.viommufleet.controller.cell.CellHarness.evacuating;
import static io.viommufleet.controller.cell.CellHarness.host;
import static io.viommufleet.controller.cell.CellHarness.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Attachment;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which commands carry a lease. */
class CellLeaseTest {
    private final CellHarness fleet = new CellHarness();

    @Test
    void onlyAVmThatEvacuatesHasALease() {
        fleet.agent("b1", "i1", host("nest-a", 2));
        fleet.user(vm("waits", 1));
        fleet.user(evacuating(vm("moves", 1)));

        assertThat(fleet.settle())
                .filteredOn(Attachment.class::isInstance)
                .map(Attachment.class::cast)
                .allSatisfy(command -> assertThat(command.leaseMillis())
                        .isEqualTo(command.id().vm().equals("moves") ? Optional.of(30_000L) : Optional.empty()))
                .hasSize(2);
    }
}
