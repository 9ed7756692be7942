package io.viommufleet.controller.cell;

import static io.viommufleet.controller.cell.CellHarness.host;
import static io.viommufleet.controller.cell.CellHarness.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.OperationProgress.Move;
import io.viommufleet.common.model.OperationProgress.MoveState;
import io.viommufleet.common.model.OperationProgress.State;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Placement.Stage;
import io.viommufleet.common.model.Policy;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What operators ask for, what moves, and what goes back. */
class CellOperationsTest {
    private static final Action COLD = new Action.Migrate("trainer", Optional.of("nest-b"), MigrationMode.COLD);

    private final CellHarness fleet = new CellHarness();

    @BeforeEach
    void aVmRunsOnOneOfTwoHosts() {
        fleet.agent("b1", "i1", host("nest-a", 2));
        fleet.user(vm("trainer", 2));
        fleet.carryOutAll();
        fleet.agent("b2", "i2", host("nest-b", 2));
        fleet.settle();
    }

    private String hostOf(String vm) {
        return fleet.placement(vm).active().map(Placement.Leg::host).orElse("none");
    }

    @Test
    void aCordonedHostTakesNoNewVmsUntilItIsUncordoned() {
        assertThat(fleet.operate("op1", new Action.Cordon("nest-b")).state()).isEqualTo(State.SUCCEEDED);
        fleet.user(vm("late", 1));
        fleet.settle();
        assertThat(fleet.placement("late").reason()).contains("1 cordoned");

        fleet.operate("op2", new Action.Uncordon("nest-b"));

        assertThat(hostOf("late")).isEqualTo("nest-b");
    }

    @Test
    void aColdMigrationStopsTheSourceBeforeItStartsTheTarget() {
        fleet.operate("op", COLD);
        assertThat(fleet.placement("trainer").movement().orElseThrow().stage()).isEqualTo(Stage.STOPPING);
        assertThat(hostOf("trainer")).isEqualTo("nest-a");

        fleet.carryOut("nest-a", "trainer", "dev0");
        fleet.settle();
        assertThat(fleet.placement("trainer").movement().orElseThrow().stage()).isEqualTo(Stage.STOPPING);
        fleet.carryOut("nest-a", "trainer", "dev1");
        fleet.settle();
        assertThat(fleet.placement("trainer").movement().orElseThrow().stage()).isEqualTo(Stage.STARTING);
        assertThat(fleet.hostsOf("trainer")).isEmpty();

        fleet.carryOutAll();

        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.RUNNING);
        assertThat(fleet.hostsOf("trainer")).containsExactly("nest-b");
        assertThat(fleet.progress("op").state()).isEqualTo(State.SUCCEEDED);
        assertThat(fleet.progress("op").moves())
                .containsExactly(new Move("trainer", MoveState.DONE, Optional.of("nest-b"), ""));
    }

    @Test
    void aMigrationCarriesTheCertificateUnchanged() {
        Placement before = fleet.placement("trainer");
        fleet.operate("op", COLD);
        fleet.carryOutAll();
        assertThat(fleet.placement("trainer").decision()).isEqualTo(before.decision());
    }

    @Test
    void aTargetThatFailsSendsTheVmBackToItsSource() {
        fleet.operate("op", COLD);
        fleet.carryOut("nest-a", "trainer", "dev0");
        fleet.carryOut("nest-a", "trainer", "dev1");
        fleet.settle();
        fleet.carryOut("nest-b", "trainer", "dev0");
        fleet.fail("nest-b", "trainer", "dev1");
        fleet.carryOutAll();

        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.RUNNING);
        assertThat(fleet.hostsOf("trainer")).containsExactly("nest-a");
        OperationProgress progress = fleet.progress("op");
        assertThat(progress.state()).isEqualTo(State.FAILED);
        assertThat(progress.moves().getFirst().reason()).contains("dev1: HWPT_ALLOC EOPNOTSUPP");
    }

    @Test
    void aNewLeaderGoesOnWithAMigrationWhereTheOldOneStopped() {
        fleet.operate("op", COLD);
        fleet.carryOut("nest-a", "trainer", "dev0");
        fleet.settle();
        fleet.takeOver();
        assertThat(fleet.settle()).as("repeated steps").isEmpty();
        fleet.carryOut("nest-a", "trainer", "dev1");
        fleet.settle();
        fleet.takeOver();
        fleet.carryOutAll();

        assertThat(fleet.hostsOf("trainer")).containsExactly("nest-b");
        assertThat(fleet.progress("op").state()).isEqualTo(State.SUCCEEDED);
    }

    @Test
    void aCancelledMigrationGoesBack() {
        fleet.operate("op", COLD);
        fleet.carryOut("nest-a", "trainer", "dev0");
        fleet.settle();

        assertThat(fleet.operate("stop", new Action.Cancel("op")).state()).isEqualTo(State.SUCCEEDED);
        fleet.carryOutAll();

        assertThat(fleet.progress("op").state()).isEqualTo(State.CANCELLED);
        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.RUNNING);
        assertThat(fleet.hostsOf("trainer")).containsExactly("nest-a");
    }

    @Test
    void anOperationThatHasEndedCannotBeCancelled() {
        fleet.operate("op", COLD);
        fleet.carryOutAll();
        OperationProgress late = fleet.operate("late", new Action.Cancel("op"));
        assertThat(late.state()).isEqualTo(State.REFUSED);
        assertThat(late.reason()).isEqualTo("operation op has ended: SUCCEEDED");
        assertThat(fleet.operate("wrong", new Action.Cancel("nothing")).reason())
                .isEqualTo("there is no operation nothing in this cell");
    }

    @Test
    void oneVmIsMovedByOneOperationAtATime() {
        fleet.operate("first", COLD);
        OperationProgress second = fleet.operate("second", COLD);
        assertThat(second.state()).isEqualTo(State.REFUSED);
        assertThat(second.reason()).isEqualTo("operation first moves it already");
    }

    @Test
    void aLiveMigrationIsRefusedWithTheReasonAndAColdOneOffered() {
        OperationProgress live =
                fleet.operate("op", new Action.Migrate("trainer", Optional.of("nest-b"), MigrationMode.LIVE));
        assertThat(live.state()).isEqualTo(State.REFUSED);
        assertThat(live.reason())
                .isEqualTo(
                        "no live migration: dev0: 0000:10:00.0 on nest-a: its VFIO driver does not support migration;"
                                + " a cold one is possible");
    }

    @Test
    void aMigrationThatCannotBeIsRefusedWithTheReason() {
        assertThat(refusal(new Action.Migrate("nobody", Optional.empty(), MigrationMode.COLD)))
                .isEqualTo("there is no VM nobody in this cell");
        assertThat(refusal(new Action.Migrate("trainer", Optional.of("nest-a"), MigrationMode.COLD)))
                .isEqualTo("it is on nest-a already");
        assertThat(refusal(new Action.Migrate("trainer", Optional.of("nest-x"), MigrationMode.COLD)))
                .isEqualTo("there is no host nest-x in this cell");
        fleet.agent("b3", "i3", host("flat-a", 4));
        fleet.settle();
        assertThat(refusal(new Action.Migrate("trainer", Optional.of("flat-a"), MigrationMode.COLD)))
                .startsWith("host flat-a: dev0: ECAP.NEST is 0");
    }

    private String refusal(Action action) {
        OperationProgress progress = fleet.operate("op-" + fleet.log.size(), action);
        assertThat(progress.state()).isEqualTo(State.REFUSED);
        return progress.reason();
    }

    @Test
    void aDrainMovesEveryVmThatCanAndSaysOfTheOthersWhyNot() {
        fleet.agent("b3", "i3", host("nest-c", 1));
        fleet.user(vm("small", 1, "nest-c"));
        fleet.carryOutAll();
        fleet.user(vm("pinned", 1, "nest-b"));
        fleet.carryOutAll();
        OperationProgress drain =
                fleet.operate("drain", new Action.Drain("nest-c", MigrationMode.COLD, Optional.of(1)));
        assertThat(drain.moves()).extracting(Move::vm).containsExactly("small");
        assertThat(fleet.hostState("nest-c").cordoned()).isTrue();
        assertThat(drain.state()).as("small allows nest-c only").isEqualTo(State.FAILED);

        fleet.operate("drain-b", new Action.Drain("nest-a", MigrationMode.COLD, Optional.empty()));
        fleet.carryOutAll();
        assertThat(fleet.progress("drain-b").state()).isEqualTo(State.FAILED);
        assertThat(fleet.progress("drain-b").moves().getFirst().reason()).startsWith("no other host takes it");
        assertThat(hostOf("trainer")).isEqualTo("nest-a");
    }

    @Test
    void aHostThatNobodyKnowsIsNamedWithTheNearest() {
        assertThat(refusal(new Action.Cordon("nest-aa")))
                .isEqualTo("there is no host nest-aa in this cell; did you mean nest-a?");
        assertThat(refusal(new Action.Evacuate("nest-a")))
                .isEqualTo("host nest-a is not lost; drain it, or fence it first");
        assertThat(refusal(new Action.ResetBreaker())).isEqualTo("the breaker is not open");
        assertThat(refusal(new Action.FinalizeFeatureLevel(99)))
                .isEqualTo("feature level 99 is unknown; this controller knows 1 to 2");
    }

    @Test
    void aLimitOfAPolicyLetsOneVmOfAZoneMoveAtATime() {
        fleet.user(new Policy(
                new Metadata("slow", 0, Map.of()),
                new Policy.Rule.Limits(Optional.of(1), Optional.of("zone"), Optional.empty()),
                false));
        fleet.agent("b4", "i4", host("nest2-a", 2));
        fleet.agent("b5", "i5", host("nest2-b", 4));
        fleet.settle();
        fleet.operate("cordon", new Action.Cordon("nest2-b"));
        fleet.user(vm("other", 1, "nest2-a", "nest2-b"));
        fleet.carryOutAll();
        fleet.operate("uncordon", new Action.Uncordon("nest2-b"));
        assertThat(hostOf("other")).isEqualTo("nest2-a");

        fleet.operate("first", COLD);
        Move second = fleet.operate("second", new Action.Migrate("other", Optional.empty(), MigrationMode.COLD))
                .moves()
                .getFirst();
        assertThat(second.state()).isEqualTo(MoveState.WAITING);
        assertThat(second.reason()).isEqualTo("1 move in zone a at once, by policy slow");

        fleet.carryOutAll();
        assertThat(hostOf("trainer")).isEqualTo("nest-b");
        assertThat(hostOf("other")).isEqualTo("nest2-b");
        assertThat(fleet.progress("second").state()).isEqualTo(State.SUCCEEDED);
    }
}
