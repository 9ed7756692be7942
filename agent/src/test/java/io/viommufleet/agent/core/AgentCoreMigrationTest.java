package io.viommufleet.agent.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Attachment.Role;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.MigrationReport;
import io.viommufleet.common.model.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The agent's part in a live migration: attached is attached, whatever part the host has in the life of the VM. */
class AgentCoreMigrationTest {
    private static final MigrationReport CLEAN = new MigrationReport(2, 0, Optional.empty());
    private static final AttachFailure REFUSED = new AttachFailure(
            AttachStep.HAND_OVER,
            Optional.of("HWPT_SET_DIRTY_TRACKING"),
            Optional.of("EINVAL"),
            "dirty tracking cannot be started");

    private final CoreRun run = CoreRun.admitted();
    private final Attachment active = run.attachment("vm", 0, 1);

    private static OperationResult.Succeeded reporting(MigrationReport report) {
        return new OperationResult.Succeeded(List.of(), Map.of(), List.of(), Optional.of(report));
    }

    private static OperationResult.Succeeded guest(GuestStep step) {
        GuestReport report = new GuestReport(step, List.of(), Optional.empty(), "");
        return OperationResult.attached(List.of(), Map.of(), List.of(report));
    }

    private Outcome last() {
        return run.outcomes().getLast();
    }

    private void attached(Attachment command) {
        run.read(1, 2, command);
        run.end(OperationResult.attached(List.of("WANT_PASID_ATTACH"), Map.of("viommus[0].ril", "on"), List.of()));
    }

    @Test
    void theSourceTellsHowTrackingWentAndKeepsTheDevice() {
        attached(active);
        run.read(1, 3, Records.as(active, Role.SOURCE));
        assertThat(run.operations.getLast()).isInstanceOf(Operation.HandOver.class);
        run.end(reporting(CLEAN));

        assertThat(last().state()).isEqualTo(DeviceState.ATTACHED);
        assertThat(last().attachmentGeneration()).isEqualTo(3);
        assertThat(last().migration()).contains(CLEAN);
        assertThat(last().unmet()).containsExactly("WANT_PASID_ATTACH");
        assertThat(last().resolvedValues()).containsEntry("viommus[0].ril", "on");
    }

    @Test
    void whatKeepsTheSourceFromTrackingLeavesTheGuestRunning() {
        MigrationReport failed = new MigrationReport(0, 0, Optional.of(REFUSED));
        attached(active);
        run.read(1, 3, Records.as(active, Role.SOURCE));
        run.end(reporting(failed));

        assertThat(last().state()).isEqualTo(DeviceState.ATTACHED);
        assertThat(last().failure()).isEmpty();
        assertThat(last().migration()).contains(failed);
        run.read(1, 4, Records.as(active, Role.SOURCE));
        assertThat(run.operations).as("a newer command tries again").hasSize(3);
    }

    @Test
    void aSourceThatIsAskedAgainAnswersAgain() {
        attached(active);
        run.read(1, 3, Records.as(active, Role.SOURCE));
        run.end(reporting(CLEAN));
        run.read(1, 4, Records.as(active, Role.SOURCE));

        assertThat(run.operations).hasSize(2);
        assertThat(last().attachmentGeneration()).isEqualTo(4);
        assertThat(last().migration()).contains(CLEAN);
    }

    @Test
    void goingBackToTheSourceTouchesNothing() {
        attached(active);
        run.read(1, 3, Records.as(active, Role.SOURCE));
        run.end(reporting(CLEAN));
        run.read(1, 4, active);

        assertThat(run.operations).hasSize(2);
        assertThat(last().state()).isEqualTo(DeviceState.ATTACHED);
        assertThat(last().attachmentGeneration()).isEqualTo(4);
        assertThat(last().migration()).isEmpty();
    }

    @Test
    void theTargetIsAttachedAsAnyOtherAndAdopted() {
        attached(Records.as(active, Role.TARGET));
        assertThat(run.operations).hasSize(1).first().isInstanceOf(Operation.Attach.class);
        run.read(1, 3, active);
        assertThat(run.operations.getLast()).isInstanceOf(Operation.TakeOver.class);
        run.end(guest(new GuestStep.Boot()));

        assertThat(last().state()).isEqualTo(DeviceState.ATTACHED);
        assertThat(last().attachmentGeneration()).isEqualTo(3);
        assertThat(last().guest()).extracting(GuestReport::step).containsExactly(new GuestStep.Boot());
        assertThat(run.operations).hasSize(2);
    }

    @Test
    void theGuestRunsOnceItHasAllOfItsDevices() {
        Attachment first = run.attachment("pair", 0, 2);
        Attachment second = run.attachment("pair", 1, 2);
        run.read(1, 2, Records.as(first, Role.TARGET));
        run.read(1, 2, Records.as(second, Role.TARGET));
        run.settle();
        run.operations.clear();

        run.read(1, 3, first);
        assertThat(run.operations).isEmpty();
        run.read(1, 3, second);
        assertThat(run.operations).hasSize(1).first().isInstanceOf(Operation.TakeOver.class);
    }

    @Test
    void aDeviceThatIsLostWhileTheGuestMovesFails() {
        AttachFailure gone =
                new AttachFailure(AttachStep.OPEN_CDEV, Optional.empty(), Optional.of("ENODEV"), "it is gone");
        attached(active);
        run.read(1, 3, Records.as(active, Role.SOURCE));
        run.on(new AgentEvent.DeviceLost(active.id(), gone));
        run.end(reporting(CLEAN));

        assertThat(last().state()).isEqualTo(DeviceState.FAILED);
        assertThat(last().failure()).contains(gone);
    }

    @Test
    void aRestartFindsTheTargetAttached() {
        attached(Records.as(active, Role.TARGET));
        CoreRun next = new CoreRun(Records.AGENT, run.journal);

        assertThat(next.core.states().get(active.id()))
                .isInstanceOfSatisfying(
                        AttachmentState.Attached.class,
                        held -> assertThat(held.command().attachment().role()).isEqualTo(Role.TARGET));
    }
}
