package io.viommufleet.controller.cell;

import static io.viommufleet.controller.cell.CellHarness.host;
import static io.viommufleet.controller.cell.CellHarness.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.HostDrift;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Phase;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What follows from a host that is not what it was: while it runs, and from one boot to the next. */
class CellDriftTest {
    private static final Bdf SECOND = new Bdf(0, 0x11, 0, 0);

    private final CellHarness fleet = new CellHarness();

    @Test
    void placesAPendingVmWhenADeviceAppears() {
        fleet.agent("b1", "i1", host("nest-a", 1));
        fleet.user(vm("trainer", 2));
        fleet.settle();
        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.PENDING);

        fleet.agent("b1", "i1", host("nest-a", 2));
        fleet.settle();

        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.PLACING);
        assertThat(drift()).isEmpty();
    }

    @Test
    void callsOutADeviceThatIsGoneAfterABootAndTheVmThatItStrands() {
        runOnTwoDevices();
        String onSecond = fleet.placement("trainer").active().orElseThrow().devices().entrySet().stream()
                .filter(device -> device.getValue().equals(SECOND))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
        fleet.heartbeat("nest-a", "b1", "i1", true);
        fleet.agent("b2", "i2", host("nest-a", 1));
        fleet.settle();

        assertThat(drift())
                .contains(new HostDrift(
                        "b1",
                        "b2",
                        List.of(new HostDrift.Change("device 0000:11:00.0", "10de:2330", "absent")),
                        List.of(new HostDrift.Stranded(
                                "trainer", onSecond, SECOND, "host nest-a has no device 0000:11:00.0"))));
        assertThat(fleet.cell.summary().driftedHosts()).isEqualTo(1);
        assertThat(fleet.cell.summary().strandedVms()).isEqualTo(1);
    }

    @Test
    void comparesWithTheBootBeforeEvenWhenAnotherLeaderSawIt() {
        runOnTwoDevices();
        fleet.heartbeat("nest-a", "b1", "i1", true);
        fleet.agent("b2", "i2", host("nest-a", 1));
        fleet.takeOver();
        fleet.heartbeat("nest-a", "b1", "i1", true);
        fleet.settle();

        assertThat(drift())
                .hasValueSatisfying(found -> assertThat(found.stranded())
                        .extracting(HostDrift.Stranded::vm)
                        .containsExactly("trainer"));
        assertThat(fleet.settle()).as("said once").isEmpty();
    }

    @Test
    void doesNotTakeAPullingOutForDriftOfTheNextBoot() {
        fleet.agent("b1", "i1", host("nest-a", 2));
        fleet.settle();
        fleet.agent("b1", "i1", host("nest-a", 1));
        fleet.settle();
        assertThat(drift()).isEmpty();

        fleet.heartbeat("nest-a", "b1", "i1", true);
        fleet.agent("b2", "i2", host("nest-a", 1));
        fleet.settle();

        assertThat(drift()).isEmpty();
    }

    @Test
    void keepsTheDriftUntilTheNextBoot() {
        fleet.agent("b1", "i1", host("nest-a", 2));
        fleet.settle();
        fleet.heartbeat("nest-a", "b1", "i1", true);
        fleet.agent("b2", "i2", host("nest-a", 1));
        fleet.settle();
        fleet.agent("b2", "i2", host("nest-a", 2));
        fleet.settle();
        assertThat(drift()).isPresent();

        fleet.heartbeat("nest-a", "b2", "i2", true);
        fleet.agent("b3", "i3", host("nest-a", 2));
        fleet.settle();

        assertThat(drift()).isEmpty();
    }

    @Test
    void restartsOfAnAgentWithinABootAreNoDrift() {
        fleet.agent("b1", "i1", host("nest-a", 2));
        fleet.settle();
        fleet.heartbeat("nest-a", "b1", "i1", true);
        fleet.agent("b1", "i2", host("nest-a", 2));
        fleet.settle();

        assertThat(drift()).isEmpty();
    }

    private void runOnTwoDevices() {
        fleet.agent("b1", "i1", host("nest-a", 2));
        fleet.user(vm("trainer", 2));
        fleet.settle();
        fleet.carryOut("nest-a", "trainer", "dev0");
        fleet.carryOut("nest-a", "trainer", "dev1");
        fleet.settle();
        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.RUNNING);
    }

    private Optional<HostDrift> drift() {
        return fleet.log.reversed().stream()
                .map(Envelope::value)
                .filter(HostState.class::isInstance)
                .map(HostState.class::cast)
                .findFirst()
                .flatMap(HostState::drift);
    }
}
