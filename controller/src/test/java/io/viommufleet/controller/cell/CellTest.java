package io.viommufleet.controller.cell;

import static io.viommufleet.controller.cell.CellHarness.deleted;
import static io.viommufleet.controller.cell.CellHarness.host;
import static io.viommufleet.controller.cell.CellHarness.vm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.viommu.Property;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class CellTest {
    private final CellHarness fleet = new CellHarness();

    @Test
    void placesAVmOnAHostThatCanNestAndRunsItOnceAllDevicesAreAttached() {
        fleet.agent("b1", "i1", host("flat-a", 4));
        fleet.agent("b2", "i2", host("nest-a", 4));
        fleet.user(vm("trainer", 2));
        fleet.settle();
        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.PLACING);

        fleet.carryOut("nest-a", "trainer", "dev0");
        fleet.settle();
        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.PLACING);

        fleet.carryOut("nest-a", "trainer", "dev1");
        fleet.settle();
        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.RUNNING);
        assertThat(fleet.placement("trainer").active().orElseThrow().host()).isEqualTo("nest-a");
    }

    @Test
    void keepsAVmPendingWithCountsPerReason() {
        fleet.agent("b1", "i1", host("flat-a", 4));
        fleet.agent("b2", "i2", host("flat-b", 4));
        fleet.agent("b3", "i3", host("nest-a", 1));
        fleet.user(vm("first", 1));
        fleet.settle();

        fleet.user(vm("second", 1));
        fleet.settle();

        assertThat(fleet.placement("second").phase()).isEqualTo(Phase.PENDING);
        assertThat(fleet.placement("second").reason()).isEqualTo("0/3 hosts: 2 IOMMU cannot nest, 1 no free device");
    }

    @Test
    void failsAPinnedVmWithItsStepAndNeverGivesItAPlainHwpt() {
        fleet.agent("b1", "i1", host("flat-a", 4));
        fleet.user(vm("pinned", 2, "flat-a"));
        fleet.settle();
        fleet.fail("flat-a", "pinned", "dev0");
        fleet.carryOut("flat-a", "pinned", "dev1");
        List<FleetRecord> written = fleet.settle();

        assertThat(fleet.placement("pinned").phase()).isEqualTo(Phase.FAILED);
        assertThat(fleet.placement("pinned").reason())
                .isEqualTo("dev0 on flat-a: HWPT_ALLOC EOPNOTSUPP: the IOMMU cannot nest");
        assertThat(written)
                .filteredOn(Attachment.class::isInstance)
                .extracting(record -> ((Attachment) record).desired())
                .containsOnly(Attachment.Desired.DETACHED)
                .hasSize(2);
    }

    @Test
    void holdsTheDevicesOfAFailedVmUntilTheirDetachIsConfirmed() {
        fleet.agent("b1", "i1", host("nest-a", 1));
        fleet.user(vm("first", 1, "nest-a"));
        fleet.settle();
        fleet.fail("nest-a", "first", "dev0");
        fleet.settle();
        fleet.user(vm("second", 1));
        fleet.settle();
        assertThat(fleet.placement("second").phase()).isEqualTo(Phase.PENDING);

        fleet.carryOut("nest-a", "first", "dev0");
        fleet.settle();

        assertThat(fleet.placement("second").phase()).isEqualTo(Phase.PLACING);
    }

    @Test
    void deletesByDetachingFirst() {
        runAndDelete();

        assertThat(fleet.placement("first").active()).isEmpty();
        assertThat(fleet.placement("first").reason()).isEqualTo("deleted");
    }

    private void runAndDelete() {
        fleet.agent("b1", "i1", host("nest-a", 1));
        fleet.user(vm("first", 1));
        fleet.settle();
        fleet.carryOut("nest-a", "first", "dev0");
        fleet.settle();
        fleet.user(deleted(vm("first", 1)));
        fleet.settle();
        assertThat(fleet.placement("first").phase()).isEqualTo(Phase.DELETING);
        assertThat(fleet.placement("first").active()).isPresent();

        fleet.carryOut("nest-a", "first", "dev0");
        fleet.settle();
    }

    @Test
    void admitsAVmAgainUnderTheNameOfADeletedOne() {
        runAndDelete();
        fleet.user(vm("first", 1, List.of(new Property("caching-mode", "on"))));
        fleet.settle();

        assertThat(fleet.placement("first").phase()).isEqualTo(Phase.PLACING);
    }

    @Test
    void refusesToChangeARunningVm() {
        fleet.agent("b1", "i1", host("nest-a", 2));
        fleet.user(vm("first", 1));
        fleet.settle();
        fleet.carryOut("nest-a", "first", "dev0");
        fleet.settle();
        Placement before = fleet.placement("first");

        fleet.user(vm("first", 2));
        fleet.settle();

        Placement after = fleet.placement("first");
        assertThat(after.spec()).isEqualTo(before.spec());
        assertThat(after.phase()).isEqualTo(Phase.RUNNING);
        assertThat(after.refusedChange().orElseThrow()).contains("running on nest-a");
    }

    @Test
    void refusesAnInvalidConfigurationWithPropertyValueAndRule() {
        fleet.user(vm("bad", 1, List.of(new Property("fsts", "on"))));
        fleet.settle();

        Placement placement = fleet.placement("bad");
        assertThat(placement.phase()).isEqualTo(Phase.REFUSED);
        assertThat(placement.errors()).extracting(error -> error.rule()).contains("fsts-needs-scalable-mode");
    }

    @Test
    void aVmThatNoHostCouldRunIsInfeasibleAtAdmission() {
        fleet.agent("b1", "i1", host("nest-a", 2));
        fleet.user(vm("doomed", 1, List.of(new Property("caching-mode", "off"))));
        fleet.settle();

        assertThat(fleet.placement("doomed").phase()).isEqualTo(Phase.INFEASIBLE);
        assertThat(fleet.log).noneMatch(envelope -> envelope.value() instanceof Attachment);
    }

    @Test
    void makesANewerIncarnationWaitUntilTheOldOneIsSilent() {
        fleet.agent("b1", "old", host("nest-a", 1));
        fleet.settle();
        fleet.agent("b1", "new", host("nest-a", 1));
        fleet.pass(Duration.ofSeconds(9));
        fleet.settle();
        assertThat(admitted("nest-a")).isEqualTo("old");

        fleet.pass(Duration.ofSeconds(2));
        fleet.settle();

        assertThat(admitted("nest-a")).isEqualTo("new");
    }

    @Test
    void admitsANewerIncarnationAtOnceAfterAGoodbye() {
        replaceIncarnation();

        assertThat(admitted("nest-a")).isEqualTo("new");
    }

    private void replaceIncarnation() {
        fleet.agent("b1", "old", host("nest-a", 1));
        fleet.settle();
        fleet.heartbeat("nest-a", "b1", "old", true);
        fleet.agent("b1", "new", host("nest-a", 1));
        fleet.settle();
    }

    @Test
    void neverAdmitsAFencedIncarnationAgain() {
        replaceIncarnation();
        fleet.agent("b1", "old", host("nest-a", 1));
        fleet.pass(Duration.ofMinutes(1));
        fleet.settle();

        assertThat(admitted("nest-a")).isEqualTo("new");
    }

    @Test
    void reissuesTheCommandsOfAHostForItsNewIncarnationWithoutDetaching() {
        fleet.agent("b1", "old", host("nest-a", 1));
        fleet.user(vm("first", 1));
        fleet.settle();
        fleet.carryOut("nest-a", "first", "dev0");
        fleet.settle();
        fleet.heartbeat("nest-a", "b1", "old", true);
        fleet.agent("b1", "new", host("nest-a", 1));
        List<FleetRecord> written = fleet.settle();

        assertThat(written)
                .filteredOn(Attachment.class::isInstance)
                .extracting(record -> ((Attachment) record).incarnation(), record -> ((Attachment) record).desired())
                .containsExactly(tuple("new", Attachment.Desired.ATTACHED));
        assertThat(fleet.placement("first").phase()).isEqualTo(Phase.RUNNING);
    }

    @Test
    void attachesAgainAfterTheHostRestarted() {
        fleet.agent("b1", "old", host("nest-a", 1));
        fleet.user(vm("first", 1));
        fleet.settle();
        fleet.carryOut("nest-a", "first", "dev0");
        fleet.settle();
        fleet.heartbeat("nest-a", "b1", "old", true);
        fleet.agent("b2", "new", host("nest-a", 1));
        fleet.settle();
        assertThat(fleet.placement("first").phase()).isEqualTo(Phase.PLACING);

        fleet.carryOut("nest-a", "first", "dev0");
        fleet.settle();

        assertThat(fleet.placement("first").phase()).isEqualTo(Phase.RUNNING);
    }

    @Test
    void refusesRecordsOfAnEpochThatIsOver() {
        fleet.agent("b1", "i1", host("nest-a", 1));
        fleet.user(vm("first", 1));
        fleet.settle();
        fleet.takeOver();
        fleet.user(deleted(vm("first", 1)));
        fleet.settle();
        Placement stale = fleet.placement("first");

        assertThat(fleet.cell.replay(new Envelope(0, 9, new Origin.Controller(1, 99), stale)))
                .hasValueSatisfying(reason -> assertThat(reason).contains("epoch 1 is older than epoch 2"));
    }

    @Test
    void rejectsARecordOnceAlsoAfterATakeOver() {
        Rejected rejected = new Rejected(FleetTopic.Role.CONTROLLER, "fleet.vms", 0, 7, "key", "not JSON", "{");
        fleet.cell.reject(rejected);
        assertThat(fleet.settle()).containsExactly(rejected);

        fleet.takeOver();
        fleet.cell.reject(rejected);

        assertThat(fleet.settle()).isEmpty();
    }

    private String admitted(String host) {
        return fleet.log.reversed().stream()
                .map(Envelope::value)
                .filter(value ->
                        value instanceof HostState state && state.host().equals(host))
                .map(HostState.class::cast)
                .findFirst()
                .flatMap(HostState::admitted)
                .map(HostState.Admitted::incarnation)
                .orElse("none");
    }
}
