package io.viommufleet.agent.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.agent.core.AgentEvent.CaughtUp;
import io.viommufleet.agent.core.AgentEvent.InventoryRead;
import io.viommufleet.agent.core.AgentEvent.OperationCompleted;
import io.viommufleet.agent.core.AgentEvent.Stopping;
import io.viommufleet.agent.core.AgentEvent.Tick;
import io.viommufleet.agent.core.AgentEvent.TombstoneRead;
import io.viommufleet.agent.core.AgentEvent.UnreadableRead;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.viommu.Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AgentCoreTest {
    private static final AttachFailure CANNOT_NEST = new AttachFailure(
            AttachStep.HWPT_ALLOC, Optional.of("IOMMU_HWPT_ALLOC"), Optional.of("EOPNOTSUPP"), "dmar0 cannot nest");
    private static final AttachFailure GONE =
            new AttachFailure(AttachStep.OPEN_CDEV, Optional.empty(), Optional.of("ENODEV"), "the device is gone");

    @Test
    void attachesOnCommandAndSaysWhatBecameOfIt() {
        CoreRun run = CoreRun.admitted();

        run.read(1, 1, run.attachment("vm", 0, 1));
        run.end(OperationResult.attached(List.of("WANT_PASID_ATTACH"), Map.of("viommus[0].ril", "on"), List.of()));

        assertThat(run.operations).hasSize(1).first().isInstanceOf(Operation.Attach.class);
        Outcome outcome = run.outcomes().getLast();
        assertThat(outcome.state()).isEqualTo(DeviceState.ATTACHED);
        assertThat(outcome.attachmentGeneration()).isEqualTo(1);
        assertThat(outcome.unmet()).containsExactly("WANT_PASID_ATTACH");
        assertThat(outcome.resolvedValues()).containsEntry("viommus[0].ril", "on");
        assertThat(outcome.durationNanos()).isEqualTo(1_000_000);
    }

    @Test
    void remembersBeforeItSaysAndSaysNothingWhileTheOperationRuns() {
        CoreRun run = CoreRun.admitted();

        Step begun = run.read(1, 1, run.attachment("vm", 0, 1));
        Step ended = run.end(OperationResult.succeeded());

        assertThat(begun.journal()).isEmpty();
        assertThat(begun.records()).isEmpty();
        assertThat(ended.journal()).hasSize(1);
        assertThat(ended.records()).hasSize(1);
    }

    @Test
    void aFailedAttachKeepsItsStepAndIsTriedAgainOnlyForANewGeneration() {
        CoreRun run = CoreRun.admitted();
        run.read(1, 1, run.attachment("vm", 0, 1));
        run.end(new OperationResult.Failed(CANNOT_NEST));

        run.on(new Tick());
        assertThat(run.operations).hasSize(1);
        assertThat(run.outcomes().getLast().failure()).contains(CANNOT_NEST);

        run.read(1, 2, run.attachment("vm", 0, 1));
        assertThat(run.operations).hasSize(2);
    }

    @Test
    void aDeviceThatTheHostLosesFailsWithTheReasonAndIsNeitherTriedAgainNorDetached() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        run.read(1, 1, attachment);
        run.end(OperationResult.succeeded());

        Step step = run.on(new AgentEvent.DeviceLost(attachment.id(), GONE));
        run.on(new Tick());

        assertThat(step.journal()).hasSize(1);
        assertThat(run.outcomes().getLast().state()).isEqualTo(DeviceState.FAILED);
        assertThat(run.outcomes().getLast().attachmentGeneration()).isEqualTo(1);
        assertThat(run.outcomes().getLast().failure()).contains(GONE);
        assertThat(run.operations).hasSize(1);
        assertThat(run.on(new AgentEvent.DeviceLost(attachment.id(), GONE)).records())
                .as("said once")
                .isEmpty();
    }

    @Test
    void aDeviceThatTheHostLosesDuringItsAttachFailsWithTheReasonOnceTheAttachHasEnded() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        run.read(1, 1, attachment);

        Step lost = run.on(new AgentEvent.DeviceLost(attachment.id(), GONE));
        assertThat(lost.records()).isEmpty();
        run.read(1, 1, Records.on(run.attachment("other", 0, 1), Records.bdf(1)));
        assertThat(run.operations).as("the attach runs still").hasSize(1);

        Step ended = run.end(OperationResult.succeeded());
        assertThat(ended.journal()).hasSize(1);
        assertThat(run.outcomes().getLast().state()).isEqualTo(DeviceState.FAILED);
        assertThat(run.outcomes().getLast().failure()).contains(GONE);
        assertThat(run.operations)
                .extracting(operation -> operation.id().vm())
                .as("not detached; the next attach runs")
                .containsExactly("vm", "other");
    }

    @Test
    void theLossOfADeviceExplainsWhyItsAttachFailed() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        run.read(1, 1, attachment);

        run.on(new AgentEvent.DeviceLost(attachment.id(), GONE));
        run.end(new OperationResult.Failed(CANNOT_NEST));

        assertThat(run.outcomes())
                .singleElement()
                .satisfies(outcome -> assertThat(outcome.failure()).contains(GONE));
    }

    @Test
    void theLossOfADeviceThatIsBeingDetachedChangesNothing() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        run.read(1, 1, attachment);
        run.settle();
        run.read(1, 2, Records.detached(attachment));

        run.on(new AgentEvent.DeviceLost(attachment.id(), GONE));
        run.settle();

        assertThat(run.outcomes())
                .extracting(Outcome::state)
                .containsExactly(DeviceState.ATTACHED, DeviceState.DETACHED);
    }

    @Test
    void doesNothingBeforeItIsAdmittedAndHasReadTheLog() {
        CoreRun run = new CoreRun(Records.AGENT, List.of());
        run.on(new InventoryRead(Records.inventory(1)));
        run.read(1, 1, run.attachment("vm", 0, 1));
        assertThat(run.operations).isEmpty();

        run.on(new CaughtUp());
        assertThat(run.operations).isEmpty();

        run.read(1, 1, new HostAdmission(Records.HOST, run.agent.boot(), run.agent.incarnation()));
        assertThat(run.operations).hasSize(1);
    }

    @Test
    void doesNothingForAnotherIncarnationOrBoot() {
        CoreRun run = CoreRun.admitted();
        AgentIdentity earlier = new AgentIdentity(Records.HOST, 0, "boot-1", "agent-0");
        AgentIdentity otherBoot = new AgentIdentity(Records.HOST, 0, "boot-0", "agent-1");

        run.read(1, 1, Records.attach(earlier, "a", 0, 1));
        run.read(1, 1, Records.attach(otherBoot, "b", 0, 1));

        assertThat(run.operations).isEmpty();
        assertThat(run.rejected()).isEmpty();
    }

    @Test
    void isFencedForGoodOnceAnotherIncarnationIsAdmitted() {
        CoreRun run = CoreRun.admitted();

        run.read(2, 2, new HostAdmission(Records.HOST, "boot-1", "agent-2"));
        run.read(2, 3, new HostAdmission(Records.HOST, "boot-1", "agent-1"));
        run.read(2, 1, run.attachment("vm", 0, 1));
        run.after(10_000_000_000L, new Tick());

        assertThat(run.core.fenced()).isTrue();
        assertThat(run.operations).isEmpty();
        assertThat(run.written).noneMatch(Heartbeat.class::isInstance);
    }

    @Test
    void refusesAnEpochLowerThanTheHighestSeenUnderTheKey() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        run.read(5, 1, attachment);
        run.settle();

        run.read(4, 2, Records.detached(attachment));

        assertThat(run.operations).hasSize(1);
        assertThat(run.rejected()).hasSize(1);
        Rejected rejected = run.rejected().getFirst();
        assertThat(rejected.reason()).isEqualTo("stale epoch 4: epoch 5 was seen for key 'spr-01/vm/d0'");
        assertThat(rejected.key()).isEqualTo("fleet.attachments/0/2");
    }

    @Test
    void acceptsAnOldEpochAtTheHeadOfItsKey() {
        CoreRun run = CoreRun.admitted();
        run.read(5, 1, run.attachment("a", 0, 1));
        run.settle();

        run.read(2, 1, Records.on(run.attachment("b", 0, 1), Records.bdf(1)));

        assertThat(run.operations).hasSize(2);
        assertThat(run.rejected()).isEmpty();
    }

    @Test
    void answersACertificateThatDoesNotFollowFromTheConfigurationWithVerifyAndCountsDrift() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        Certificate honest = attachment.certificate();
        Certificate other = new Certificate(honest.rulesVersion(), "00".repeat(32), honest.devices());

        run.read(1, 1, Records.certified(attachment, other));

        assertThat(run.operations).isEmpty();
        assertThat(run.core.drift()).isEqualTo(1);
        AttachFailure failure = run.outcomes().getLast().failure().orElseThrow();
        assertThat(failure.step()).isEqualTo(AttachStep.VERIFY);
        assertThat(failure.reason()).contains("00000000").contains(honest.configDigest());
    }

    @Test
    void answersRulesThatItDoesNotKnowWithVerifyAndNoDrift() {
        CoreRun run = CoreRun.admitted();
        run.on(new InventoryRead(withRules(Records.inventory(4), List.of("2"))));

        run.read(1, 1, run.attachment("vm", 0, 1));

        assertThat(run.operations).isEmpty();
        assertThat(run.core.drift()).isZero();
        assertThat(run.outcomes().getLast().failure().orElseThrow().reason())
                .isEqualTo("rules version 1 is unknown to this agent; it knows 2");
    }

    @Test
    void answersADeviceThatIsAbsentOrTakenWithVerify() {
        CoreRun run = CoreRun.admitted();
        run.read(1, 1, run.attachment("a", 0, 1));
        run.settle();

        run.read(1, 1, run.attachment("b", 0, 1));
        run.read(1, 1, Records.on(run.attachment("c", 0, 1), Records.bdf(9)));

        assertThat(run.operations).hasSize(1);
        assertThat(run.outcomes())
                .extracting(
                        outcome -> outcome.failure().map(AttachFailure::reason).orElse("attached"))
                .containsExactly(
                        "attached",
                        "the host device is held by spr-01/a/d0",
                        "host spr-01 has no device at 0000:3b:09.0");
    }

    @Test
    void attachesTheDevicesOfAVmInGuestOrderAndDetachesThemInReverse() {
        CoreRun run = new CoreRun(Records.AGENT, List.of());
        run.on(new InventoryRead(Records.inventory(4)));
        run.read(1, 1, new HostAdmission(Records.HOST, run.agent.boot(), run.agent.incarnation()));
        run.read(1, 1, run.attachment("vm", 2, 3));
        run.read(1, 1, run.attachment("vm", 0, 3));
        run.read(1, 1, run.attachment("vm", 1, 3));
        run.on(new CaughtUp());
        run.settle();

        assertThat(run.operations)
                .extracting(operation -> operation.id().device())
                .containsExactly("d0", "d1", "d2");

        run.read(1, 1, Records.on(run.attachment("other", 3, 4), Records.bdf(3)));
        run.read(1, 2, Records.detached(run.attachment("vm", 0, 3)));
        run.read(1, 2, Records.detached(run.attachment("vm", 1, 3)));
        run.read(1, 2, Records.detached(run.attachment("vm", 2, 3)));
        run.settle();

        assertThat(run.operations.subList(4, 7))
                .extracting(operation -> operation.id().device())
                .containsExactly("d2", "d1", "d0");
    }

    @Test
    void aDetachIsAWholeRecordAndATombstoneTriggersNothing() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        run.read(1, 1, attachment);
        run.settle();

        run.on(new TombstoneRead(attachment.key()));
        assertThat(run.operations).hasSize(1);

        run.read(1, 2, Records.detached(attachment));
        run.settle();
        assertThat(run.operations).hasSize(2).last().isInstanceOf(Operation.Detach.class);
        assertThat(run.outcomes().getLast().state()).isEqualTo(DeviceState.DETACHED);
    }

    @Test
    void aKeyThatWasCollectedMayCountItsGenerationsFromTheStart() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        run.read(1, 1, attachment);
        run.settle();
        run.read(1, 2, Records.detached(attachment));
        run.settle();

        run.on(new TombstoneRead(attachment.key()));
        run.read(1, 1, attachment);

        assertThat(run.operations).hasSize(3);
        assertThat(run.rejected()).isEmpty();
    }

    @Test
    void theSameGenerationAgainIsOnlyReportedAgain() {
        CoreRun run = CoreRun.admitted();
        run.read(1, 1, run.attachment("vm", 0, 1));
        run.settle();

        run.read(1, 1, run.attachment("vm", 0, 1));

        assertThat(run.operations).hasSize(1);
        assertThat(run.outcomes()).hasSize(2);
        assertThat(run.outcomes().getFirst()).isEqualTo(run.outcomes().getLast());
    }

    @Test
    void aRestartedAgentAdoptsWhatItsJournalSaysAndTouchesNothing() {
        CoreRun before = CoreRun.admitted();
        Attachment attachment = before.attachment("vm", 0, 1);
        before.read(1, 1, attachment);
        before.settle();

        CoreRun after = new CoreRun(new AgentIdentity(Records.HOST, 0, "boot-1", "agent-2"), before.journal);
        after.on(new InventoryRead(Records.inventory(4)));
        after.read(1, 1, new HostAdmission(Records.HOST, "boot-1", "agent-1"));
        after.read(1, 1, attachment);
        after.on(new CaughtUp());
        assertThat(after.outcomes()).isEmpty();
        after.read(2, 2, new HostAdmission(Records.HOST, "boot-1", "agent-2"));
        after.read(2, 2, Records.forAgent(attachment, after.agent));

        assertThat(after.operations).isEmpty();
        assertThat(after.outcomes()).hasSize(1);
        assertThat(after.outcomes().getLast().state()).isEqualTo(DeviceState.ATTACHED);
        assertThat(after.outcomes().getLast().attachmentGeneration()).isEqualTo(2);
    }

    @Test
    void anotherArrangementIsDetachedFirstAndAnsweredOnce() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        run.read(1, 1, attachment);
        run.settle();

        run.read(1, 2, Records.on(attachment, Records.bdf(1)));
        run.settle();

        assertThat(run.operations)
                .extracting(operation -> operation.getClass().getSimpleName())
                .containsExactly("Attach", "Detach", "Attach");
        assertThat(run.outcomes()).extracting(Outcome::attachmentGeneration).containsExactly(1L, 2L);
    }

    @Test
    void aDeviceThatCannotBeDetachedIsQuarantinedAndKeptFromOthers() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        AttachFailure stuck = new AttachFailure(AttachStep.DETACH, Optional.empty(), Optional.of("EBUSY"), "busy");
        run.read(1, 1, attachment);
        run.settle();
        run.read(1, 2, Records.detached(attachment));
        run.end(new OperationResult.Failed(stuck));

        run.read(1, 3, attachment);
        run.read(1, 1, run.attachment("other", 0, 1));
        assertThat(run.operations).hasSize(2);
        assertThat(run.outcomes())
                .extracting(Outcome::state)
                .containsExactly(
                        DeviceState.ATTACHED, DeviceState.QUARANTINED, DeviceState.QUARANTINED, DeviceState.FAILED);

        run.read(1, 4, Records.detached(attachment));
        run.settle();
        assertThat(run.outcomes().getLast().state()).isEqualTo(DeviceState.DETACHED);
    }

    @Test
    void publishesTheInventoryWhenItChangesWithTheNextGeneration() {
        CoreRun run = new CoreRun(Records.AGENT, List.of(new JournalEntry.InventoryPublished(7)));

        Step first = run.on(new InventoryRead(Records.inventory(1)));
        Step same = run.on(new InventoryRead(Records.inventory(1)));
        Step changed = run.on(new InventoryRead(Records.inventory(2)));

        assertThat(first.records().getFirst().generation()).isEqualTo(8);
        assertThat(same.records()).isEmpty();
        assertThat(changed.records().getFirst().generation()).isEqualTo(9);
    }

    @Test
    void beatsAtItsIntervalAndSaysGoodbyeOnce() {
        CoreRun run = CoreRun.admitted();

        run.on(new Tick());
        run.on(new Tick());
        run.after(2_000_000_000L, new Tick());
        run.on(new Stopping());
        run.on(new Stopping());
        run.after(2_000_000_000L, new Tick());

        assertThat(run.written)
                .filteredOn(Heartbeat.class::isInstance)
                .extracting(beat -> ((Heartbeat) beat).goodbye())
                .containsExactly(false, false, true);
    }

    @Test
    void rejectsItsOwnUnreadableRecordsOnceAcrossRestarts() {
        CoreRun run = CoreRun.admitted();
        UnreadableRead mine = unreadable(7, Optional.of(Records.HOST));
        run.read(1, 1, new HostAdmission("zeta", "boot-9", "agent-9"));

        run.on(mine);
        run.on(mine);
        run.on(unreadable(8, Optional.of("zeta")));
        CoreRun restarted = new CoreRun(run.agent, run.journal);
        restarted.on(mine);

        assertThat(run.rejected()).extracting(Rejected::offset).containsExactly(7L);
        assertThat(restarted.rejected()).isEmpty();
    }

    @Test
    void anUnreadableRecordOfNobodyFallsToTheFirstHostOfThePartition() {
        CoreRun first = new CoreRun(Records.AGENT, List.of());
        CoreRun second = new CoreRun(new AgentIdentity("zeta", 0, "boot-9", "agent-9"), List.of());
        for (CoreRun run : List.of(first, second)) {
            run.on(unreadable(3, Optional.empty()));
            run.read(1, 1, new HostAdmission("zeta", "boot-9", "agent-9"));
            run.read(1, 1, new HostAdmission(Records.HOST, "boot-1", "agent-1"));
            run.on(new CaughtUp());
        }

        assertThat(first.rejected()).extracting(Rejected::offset).containsExactly(3L);
        assertThat(second.rejected()).isEmpty();
    }

    @Test
    void anUnreadableRecordOfAHostThatWasNeverAdmittedFallsToTheFirstToo() {
        CoreRun run = CoreRun.admitted();

        run.on(unreadable(4, Optional.of("ghost")));
        run.read(1, 1, new HostAdmission("zeta", "boot-9", "agent-9"));
        run.on(unreadable(5, Optional.of("zeta")));

        assertThat(run.rejected()).extracting(Rejected::offset).containsExactly(4L);
    }

    @Test
    void readsTheWholeLogAgainWithoutTakingItForStale() {
        CoreRun run = CoreRun.admitted();
        Attachment attachment = run.attachment("vm", 0, 1);
        run.read(3, 4, attachment);
        run.settle();

        run.on(new AgentEvent.LogRestarted());
        run.read(1, 1, new HostAdmission(Records.HOST, "boot-1", "agent-1"));
        run.read(2, 3, Records.detached(attachment));
        run.read(3, 4, attachment);
        run.on(new CaughtUp());

        assertThat(run.rejected()).isEmpty();
        assertThat(run.operations).hasSize(1);
    }

    @Test
    void aCompletionWithoutAnOperationIsAProgrammingError() {
        CoreRun run = CoreRun.admitted();
        OperationCompleted stray =
                new OperationCompleted(run.attachment("vm", 0, 1).id(), OperationResult.succeeded());

        assertThatThrownBy(() -> run.on(stray)).isInstanceOf(IllegalStateException.class);
    }

    private static UnreadableRead unreadable(long offset, Optional<String> owner) {
        return new UnreadableRead(new LogPosition(0, offset), owner, "key", "no JSON", "{");
    }

    private static HostInventory withRules(HostInventory host, List<String> rules) {
        return new HostInventory(
                host.metadata(),
                host.kernel(),
                host.vmm(),
                host.memoryBytes(),
                host.numaMemoryBytes(),
                host.kernelOptions(),
                host.interruptRemapping(),
                host.allowUnsafeInterrupts(),
                host.iommus(),
                host.devices(),
                host.assignable(),
                rules,
                host.faults(),
                host.sources());
    }
}
