package io.viommufleet.deploy.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.controller.placement.Obstacle;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.WhatIf.Fate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Questions to a copy of the fleet: where VMs would go, why nowhere, and that the fleet itself stays as it is. */
class WhatIfTest {
    private static final String NVIDIA = "0x10de";
    private static final String MELLANOX = "0x15b3";
    private static final CellKey<String> FIRST = new CellKey<>(0, "first");

    private final LoggedCell cell = new LoggedCell();

    @Test
    void aLostHostsVmGoesToTheOtherThatCanTakeIt() {
        cell.host("first", "32GiB", NVIDIA, "");
        cell.host("second", "32GiB", NVIDIA, "");
        cell.host("third", "32GiB", MELLANOX, "");
        cell.running("trainer", "first", "onHostLoss: evacuate");

        WhatIf answer = WhatIf.lose(cell.state(), FIRST);

        assertThat(answer.fates()).containsExactly(new Fate("trainer", "first", Optional.of("second"), ""));
        assertThat(answer.moved()).isEqualTo(1);
        assertThat(WhatIf.lose(cell.state(), FIRST)).isEqualTo(answer);
    }

    @Test
    void aVmThatWaitsForItsHostMovesOnlyIfEvacuated() {
        cell.host("first", "32GiB", NVIDIA, "");
        cell.host("second", "32GiB", NVIDIA, "");
        cell.running("trainer", "first", "");

        assertThat(WhatIf.lose(cell.state(), FIRST).fates().getFirst().reason()).contains("onHostLoss is wait");
    }

    @Test
    void whatOneVmTakesTheNextDoesNotGet() {
        cell.host("first", "32GiB", NVIDIA, "");
        cell.host("second", "32GiB", NVIDIA, "");
        cell.host("third", "32GiB", NVIDIA, "");
        cell.running("a", "first", "");
        cell.running("b", "second", "");

        WhatIf answer = WhatIf.drain(cell.state(), FIRST, MigrationMode.COLD);

        assertThat(answer.fates()).containsExactly(new Fate("a", "first", Optional.of("third"), ""));
        cell.running("c", "third", "");
        WhatIf stranded = WhatIf.drain(cell.state(), FIRST, MigrationMode.COLD);
        assertThat(stranded.stranded()).isEqualTo(1);
        assertThat(stranded.fates().getFirst().reason())
                .contains("no other host takes it", Obstacle.NO_FREE_DEVICE.summary());
    }

    @Test
    void aDeviceWithoutMigrationSupportBlocksALiveMoveAndNotAColdOne() {
        cell.host("first", "32GiB", NVIDIA, "");
        cell.host("second", "32GiB", NVIDIA, "");
        CellKey<String> vm = cell.running("trainer", "first", "");

        assertThat(WhatIf.migrate(cell.state(), vm, Optional.empty(), MigrationMode.COLD)
                        .moved())
                .isEqualTo(1);
        Fate live = WhatIf.migrate(cell.state(), vm, Optional.empty(), MigrationMode.LIVE)
                .fates()
                .getFirst();
        assertThat(live.to()).isEmpty();
        assertThat(live.reason()).contains("gpu0", "migration", "a cold one would take it to second");
        assertThat(WhatIf.migrate(cell.state(), vm, Optional.of("first"), MigrationMode.COLD)
                        .fates()
                        .getFirst()
                        .reason())
                .contains("already");
    }

    @Test
    void oneDecisionIsProvedAgainstEveryHostWithItsReason() {
        cell.host("first", "32GiB", NVIDIA, "");
        cell.host("second", "4GiB", NVIDIA, "");
        cell.host("third", "32GiB", MELLANOX, "");
        CellKey<String> vm = cell.pending("trainer", "placement: {hosts: [second]}");

        List<PlacementQuestion.Answer> answers = PlacementQuestion.everywhere(cell.state(), cell.placement(vm));

        assertThat(answers)
                .extracting(answer -> answer.verdict().obstacle())
                .containsExactly(
                        Optional.empty(), Optional.of(Obstacle.NO_MEMORY), Optional.of(Obstacle.NO_SUCH_DEVICE));
    }

    @Test
    void otherRulesTellWhatWouldDifferAndWhoCouldStillTakeIt() {
        cell.host("first", "32GiB", NVIDIA, "");
        cell.running("trainer", "first", "");

        OtherRules same = OtherRules.of(cell.state(), RulesVersion.DEFAULT);
        OtherRules other = OtherRules.of(cell.state(), RulesVersion.parse("2"));

        assertThat(same.differing()).isEmpty();
        assertThat(other.vms()).isEqualTo(1);
        assertThat(other.differing()).hasSize(1);
        assertThat(other.differing().getFirst().changes().getFirst())
                .contains("gpu0", "WANT_NESTING_DIRTY_TRACKING", "instead of");
        assertThat(other.differing().getFirst().hosts().size()
                        + other.differing().getFirst().others())
                .isEqualTo(1);
    }

    @Test
    void whatIsNextNamesWhatAVmWaitsFor() {
        cell.host("first", "32GiB", MELLANOX, "");
        CellKey<String> pending = cell.pending("waiting", "");
        CellKey<String> running = cell.running("trainer", "first", "");
        cell.replay(
                new Origin.Controller(1, 2),
                HostState.unknown("first").losing("silent for 45 s", List.of(), List.of("boot")));

        assertThat(WhatNext.of(cell.state(), pending, cell.placement(pending)))
                .singleElement()
                .asString()
                .contains("as soon as a host takes it", "0/1 hosts");
        assertThat(WhatNext.of(cell.state(), running, cell.placement(running)))
                .first()
                .asString()
                .contains("silent for 45 s", "fleet evacuate first");
    }
}
