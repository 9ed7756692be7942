package io.viommufleet.agent.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.core.AgentEvent.HeartbeatAcknowledged;
import io.viommufleet.agent.core.AgentEvent.Tick;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.HostAdmission;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When a boot is over, and who is asked about it. */
class AgentCoreLeaseTest {
    private static final long LEASE_MILLIS = 30_000;
    private static final long LEASE_NANOS = TimeUnit.MILLISECONDS.toNanos(LEASE_MILLIS);

    private final CoreRun run = CoreRun.admitted();
    private final Attachment waits = run.attachment("waits", 0, 1);
    private final Attachment moves = Records.leased(run.attachment("moves", 1, 2), LEASE_MILLIS);

    private void acknowledge() {
        run.on(new HeartbeatAcknowledged(run.now()));
    }

    private void attached(Attachment command) {
        run.read(1, 2, command);
        run.settle();
    }

    @Test
    void aHostWhoseVmsAllWaitGoesOnForEver() {
        acknowledge();
        attached(waits);

        assertThat(run.after(1_000 * LEASE_NANOS, new Tick()).reset()).isEmpty();
        assertThat(run.core.leaseMillis()).isEmpty();
    }

    @Test
    void oneThatHasAVmWithALeaseIsResetWhenItIsOverAndNotBefore() {
        acknowledge();
        attached(waits);
        attached(moves);

        assertThat(run.after(LEASE_NANOS - TimeUnit.SECONDS.toNanos(1), new Tick())
                        .reset())
                .isEmpty();
        assertThat(run.after(TimeUnit.SECONDS.toNanos(1), new Tick())).isEqualTo(Step.reset(HostReset.LEASE_OVER));
    }

    @Test
    void anAcknowledgedHeartbeatProlongsItFromWhenItWasSent() {
        acknowledge();
        attached(moves);
        long sent = run.now();
        run.after(LEASE_NANOS / 2, new HeartbeatAcknowledged(sent));

        assertThat(run.after(LEASE_NANOS / 2 - TimeUnit.SECONDS.toNanos(1), new Tick())
                        .reset())
                .isEmpty();
        assertThat(run.after(TimeUnit.SECONDS.toNanos(2), new Tick()).reset()).contains(HostReset.LEASE_OVER);
    }

    @Test
    void anAgentThatSleptActsOnNothingBeforeTheReset() {
        acknowledge();
        attached(moves);
        run.after(2 * LEASE_NANOS, new AgentEvent.CaughtUp());
        run.operations.clear();
        run.written.clear();

        run.read(1, 3, run.attachment("next", 2, 3));
        run.on(new Tick());
        assertThat(run.operations).isEmpty();
        assertThat(run.written).isEmpty();
        assertThat(run.core.acts()).isFalse();
    }

    @Test
    void nothingWithALeaseIsAttachedBeforeAHeartbeatIsAcknowledged() {
        run.read(1, 2, moves);
        assertThat(run.operations).isEmpty();
        acknowledge();
        assertThat(run.operations).hasSize(1);
    }

    @Test
    void theLeaseEndsWithTheLastVmThatHasOne() {
        acknowledge();
        attached(moves);
        run.read(1, 3, Records.detached(moves));
        run.settle();

        assertThat(run.after(2 * LEASE_NANOS, new Tick()).reset()).isEmpty();
    }

    @Test
    void aFencedBootIsResetOnceTheWholeLogIsKnown() {
        CoreRun late = new CoreRun(Records.AGENT, List.of());
        assertThat(late.read(1, 1, new HostAdmission(Records.HOST, late.agent.boot(), ""))
                        .reset())
                .isEmpty();
        assertThat(late.on(new AgentEvent.CaughtUp()).reset()).contains(HostReset.BOOT_FENCED);
    }

    @Test
    void theFenceOfAnEarlierBootIsNothingToThisOne() {
        assertThat(run.read(1, 2, new HostAdmission(Records.HOST, "an earlier boot", ""))
                        .reset())
                .isEmpty();
        run.after(TimeUnit.SECONDS.toNanos(5), new Tick());
        assertThat(run.core.admitted()).isFalse();
    }

    @Test
    void aBootThatIsOverShowsNoSignOfLife() {
        attached(waits);
        run.read(1, 3, new HostAdmission(Records.HOST, run.agent.boot(), ""));
        run.written.clear();

        run.after(TimeUnit.SECONDS.toNanos(5), new Tick());
        assertThat(run.written).noneMatch(Heartbeat.class::isInstance);
    }
}
