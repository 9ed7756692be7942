package io.viommufleet.controller.cell;

import static io.viommufleet.controller.cell.CellHarness.evacuating;
import static io.viommufleet.controller.cell.CellHarness.host;
import static io.viommufleet.controller.cell.CellHarness.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Breaker;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.OperationProgress.State;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Hosts that fall silent, are given up, fenced and come back. */
class CellLossTest {
    private final CellHarness fleet = new CellHarness();

    private void start(int hosts) {
        for (int i = 0; i < hosts; i++) {
            fleet.agent("b" + i, "i" + i, host("nest-" + i, 2));
        }
        fleet.settle();
    }

    /** Time passes, and every host but one beats. */
    private void passWithout(int silent, int hosts, Duration time) {
        for (long second = 0; second < time.toSeconds(); second++) {
            fleet.pass(Duration.ofSeconds(1));
            for (int i = 0; i < hosts; i++) {
                if (i != silent) {
                    fleet.heartbeat("nest-" + i, "b" + i, "i" + i, false);
                }
            }
            fleet.settle();
        }
    }

    private String hostOf(String vm) {
        return fleet.placement(vm).active().map(Placement.Leg::host).orElse("none");
    }

    @Test
    void aVmThatEvacuatesIsStartedElsewhereOnlyAfterTheLeaseAndTheMargin() {
        start(1);
        fleet.user(evacuating(vm("moves", 1)));
        fleet.carryOutAll();
        fleet.agent("b1", "i1", host("nest-1", 2));
        passWithout(0, 2, Duration.ofSeconds(44));
        assertThat(hostOf("moves")).isEqualTo("nest-0");

        passWithout(0, 2, Duration.ofSeconds(2));
        fleet.carryOutAll();

        assertThat(fleet.placement("moves").phase()).isEqualTo(Phase.RUNNING);
        assertThat(hostOf("moves")).isEqualTo("nest-1");
        assertThat(fleet.hostState("nest-0").fencedBoots()).containsExactly("b0");
    }

    @Test
    void aVmThatWaitsIsNeverDetachedForSilence() {
        start(2);
        fleet.user(vm("waits", 1, "nest-0"));
        fleet.carryOutAll();
        passWithout(0, 2, Duration.ofMinutes(2));
        assertThat(fleet.placement("waits").phase()).isEqualTo(Phase.RUNNING);
        assertThat(fleet.hostState("nest-0").lost()).isEmpty();
    }

    @Test
    void nobodyIsLostWhileTheLeaderDoesNotListen() {
        start(2);
        fleet.user(evacuating(vm("moves", 1, "nest-0", "nest-1")));
        fleet.carryOutAll();
        String host = hostOf("moves");
        for (int turn = 0; turn < 300; turn++) {
            fleet.nowNanos += Duration.ofSeconds(1).toNanos();
            fleet.cell.listened(false, fleet.nowNanos);
            fleet.settle();
        }
        fleet.nowNanos += Duration.ofMinutes(10).toNanos();
        fleet.cell.listened(true, fleet.nowNanos);
        fleet.settle();
        assertThat(fleet.hostState(host).lost()).isEmpty();
        assertThat(fleet.cell.summary().hostsByState().get(CellSummary.HostCondition.LIVE))
                .isEqualTo(2);
    }

    @Test
    void theLostBootIsNeverAdmittedAgainAndIsToldSo() {
        start(2);
        fleet.user(evacuating(vm("moves", 1, "nest-0")));
        fleet.carryOutAll();
        OperationProgress early = fleet.operate("early", new Action.Fence("nest-0", false));
        assertThat(early.state()).isEqualTo(State.REFUSED);
        assertThat(early.reason()).contains("its agent was heard of 0 s ago").contains("45 s");

        assertThat(fleet.operate("sure", new Action.Fence("nest-0", true)).state())
                .isEqualTo(State.SUCCEEDED);
        assertThat(fleet.log)
                .extracting(envelope -> (Object) envelope.value())
                .contains(new HostAdmission("nest-0", "b0", ""));
        fleet.agent("b0", "i0-again", host("nest-0", 2));
        fleet.pass(Duration.ofSeconds(60));
        fleet.settle();
        assertThat(fleet.hostState("nest-0").admitted()).isEmpty();

        fleet.agent("b0-new", "i0-new", host("nest-0", 2));
        fleet.carryOutAll();
        assertThat(fleet.hostState("nest-0").admitted().orElseThrow().boot()).isEqualTo("b0-new");
        assertThat(fleet.hostState("nest-0").lost()).isEmpty();
        assertThat(hostOf("moves")).isEqualTo("nest-0");
    }

    @Test
    void aVmThatWasStillAttachingSaysThatItsHostIsLost() {
        start(1);
        fleet.user(vm("attaching", 1));
        fleet.settle();
        assertThat(fleet.placement("attaching").phase()).isEqualTo(Phase.PLACING);

        fleet.operate("fence", new Action.Fence("nest-0", true));

        assertThat(fleet.placement("attaching").phase()).isEqualTo(Phase.PLACING);
        assertThat(fleet.placement("attaching").reason())
                .isEqualTo("host nest-0 is lost: an operator confirmed that it is off; the VM waits for it");
    }

    @Test
    void anOperatorEvacuatesTheVmsOfALostHostThatWait() {
        start(1);
        fleet.user(vm("waits", 1));
        fleet.carryOutAll();
        fleet.agent("b1", "i1", host("nest-1", 2));
        fleet.operate("fence", new Action.Fence("nest-0", true));
        assertThat(hostOf("waits")).isEqualTo("nest-0");
        assertThat(fleet.placement("waits").reason()).startsWith("host nest-0 is lost");

        fleet.operate("evacuate", new Action.Evacuate("nest-0"));
        fleet.carryOutAll();

        assertThat(hostOf("waits")).isEqualTo("nest-1");
        assertThat(fleet.progress("evacuate").state()).isEqualTo(State.SUCCEEDED);
    }

    @Test
    void manyHostsSilentAtOnceOpenTheBreakerAndNobodyIsGivenUp() {
        start(10);
        for (int i = 0; i < 10; i++) {
            fleet.user(evacuating(vm("vm" + i, 1, "nest-" + i)));
        }
        fleet.carryOutAll();
        for (int second = 0; second < 60; second++) {
            fleet.pass(Duration.ofSeconds(1));
            for (int i = 3; i < 10; i++) {
                fleet.heartbeat("nest-" + i, "b" + i, "i" + i, false);
            }
            fleet.settle();
        }
        assertThat(breaker().open().orElseThrow())
                .startsWith("3 of 10 hosts are silent at once, more than 10 %: nest-0, nest-1");
        assertThat(fleet.hostState("nest-0").lost()).isEmpty();

        assertThat(fleet.operate("reset", new Action.ResetBreaker()).state()).isEqualTo(State.SUCCEEDED);
        fleet.pass(Duration.ofSeconds(2));
        fleet.settle();

        assertThat(breaker()).isEqualTo(new Breaker(Optional.empty(), List.of("nest-0", "nest-1", "nest-2")));
        assertThat(fleet.hostState("nest-0").lost()).isPresent();
    }

    private Breaker breaker() {
        return fleet.log.reversed().stream()
                .map(envelope -> envelope.value())
                .filter(Breaker.class::isInstance)
                .map(Breaker.class::cast)
                .findFirst()
                .orElseThrow();
    }
}
