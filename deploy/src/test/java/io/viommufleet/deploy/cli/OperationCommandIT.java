package io.viommufleet.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.OperationProgress.Move;
import io.viommufleet.common.model.OperationProgress.MoveState;
import io.viommufleet.common.model.OperationProgress.State;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The commands of operators against a real broker: what they ask for, how they wait, and what they end with. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperationCommandIT {
    private final List<String> known = new ArrayList<>();
    private ScriptedCell cell;

    @BeforeAll
    void start(@TempDir Path directory) {
        cell = new ScriptedCell(directory);
        cell.host("spr-01", 0);
        cell.host("spr-02", 0);
        cell.host("twin", 0);
        cell.host("twin", 1);
        cell.lead(0, new Leader(0, 1, "controller-0", 2, 1));
        cell.lead(1, new Leader(1, 1, "controller-0", 1, 1));
    }

    @AfterAll
    void stop() {
        cell.close();
    }

    @Test
    void aDrainIsFollowedMoveByMoveToItsEnd() {
        CompletableFuture<CommandRun> run = cell.begin("drain", "spr-01", "--cold", "--parallel", "2", "-o", "json");
        Operation asked = next();
        assertThat(asked.action()).isEqualTo(new Action.Drain("spr-01", MigrationMode.COLD, Optional.of(2)));
        assertThat(asked.id()).startsWith("drain-spr-01-");

        answer(asked, State.RUNNING, "", new Move("trainer", MoveState.MOVING, Optional.of("spr-02"), ""));
        answer(asked, State.SUCCEEDED, "", new Move("trainer", MoveState.DONE, Optional.of("spr-02"), ""));

        CommandRun ended = run.join();
        assertThat(ended.exitCode()).as(ended.err()).isZero();
        assertThat(ended.err()).contains(asked.id(), "trainer: Done to spr-02");
        JsonNode tree = new JsonMapper().readTree(ended.out()).path(0);
        assertThat(tree.path("id").asString()).isEqualTo(asked.id());
        assertThat(tree.path("state").asString()).isEqualTo("Succeeded");
        assertThat(tree.path("moves").path(0).path("to").asString()).isEqualTo("spr-02");
    }

    @Test
    void aRefusalIsExit4WithItsReason() {
        CompletableFuture<CommandRun> run = cell.begin("fence", "spr-01");
        Operation asked = next();
        answer(asked, State.REFUSED, "the agent of spr-01 is alive");

        assertThat(run.join().exitCode()).isEqualTo(4);
        assertThat(run.join().out()).contains("Refused", "the agent of spr-01 is alive");
    }

    @Test
    void aFailureIsExit1() {
        CompletableFuture<CommandRun> run = cell.begin("release", "spr-01", "--group", "7");
        Operation asked = next();
        assertThat(asked.action()).isEqualTo(new Action.Release("spr-01", Optional.of(7)));
        answer(asked, State.FAILED, "group 7 is not quarantined");

        assertThat(run.join().exitCode()).isEqualTo(1);
    }

    @Test
    void whatHasNotEndedInTimeIsExit6AndGoesOn() {
        CommandRun run = cell.run("uncordon", "spr-02", "--timeout", "1");
        Operation asked = next();

        assertThat(run.exitCode()).isEqualTo(6);
        assertThat(run.err()).contains("not ended within 1 s");
        assertThat(cell.run("get", "operations", asked.id()).out()).contains("uncordon spr-02", "Asked for");
    }

    @Test
    void withoutWaitingItEndsOnceItIsOnTheLog() {
        CommandRun run = cell.run("evacuate", "spr-02", "--no-wait");
        Operation asked = next();

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains(asked.id(), "Asked for");
        assertThat(asked.action()).isEqualTo(new Action.Evacuate("spr-02"));
    }

    @Test
    void whatNobodyKnowsIsExit3AndAsksForNothing() {
        assertThat(cell.run("cordon", "nowhere").exitCode()).isEqualTo(3);
        assertThat(cell.run("migrate", "nothing").err()).contains("there is no VM named nothing");
        assertThat(cell.run("cancel", "nothing").exitCode()).isEqualTo(3);
        assertThat(cell.run("reset-breaker", "--cell", "7").err()).contains("cells 0 to 1");
    }

    @Test
    void aNameInTwoCellsNeedsItsCell() {
        CommandRun ambiguous = cell.run("cordon", "twin", "--no-wait");
        assertThat(ambiguous.exitCode()).isEqualTo(4);
        assertThat(ambiguous.err()).contains("--cell");

        assertThat(cell.run("cordon", "twin", "--cell", "0", "--no-wait").exitCode())
                .isZero();
        assertThat(next().cell()).isZero();
    }

    @Test
    void aCellThatDoesNotTakeOperationsYetIsAskedForNone() {
        CommandRun run = cell.run("cordon", "twin", "--cell", "1");

        assertThat(run.exitCode()).isEqualTo(4);
        assertThat(run.err()).contains("feature level 1", "fleet upgrade finalize");
    }

    @Test
    void anUpgradeIsAskedOfEveryCellAndShowsWhereEachStood() {
        CommandRun run = cell.run("upgrade", "finalize", "--no-wait", "-o", "json");
        known.addAll(List.of(next().id(), next().id()));

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err()).contains("cell 0 is at feature level 2", "cell 1 is at feature level 1");
        assertThat(new JsonMapper().readTree(run.out())).hasSize(2);
        assertThat(cell.run("upgrade", "finalize", "99").exitCode()).isEqualTo(2);
    }

    @Test
    void wrongUsageIsExit2() {
        assertThat(cell.run("drain").exitCode()).isEqualTo(2);
        assertThat(cell.run("drain", "spr-01", "--parallel", "0").exitCode()).isEqualTo(2);
        assertThat(cell.run("cordon", "spr-01", "--timeout", "0").exitCode()).isEqualTo(2);
        assertThat(cell.run("upgrade").exitCode()).isEqualTo(2);
    }

    private Operation next() {
        Operation asked = cell.awaitOperation(known);
        known.add(asked.id());
        return asked;
    }

    private void answer(Operation asked, State state, String reason, Move... moves) {
        cell.lead(asked.cell(), new OperationProgress(asked.id(), asked.action(), state, reason, List.of(moves)));
    }
}
