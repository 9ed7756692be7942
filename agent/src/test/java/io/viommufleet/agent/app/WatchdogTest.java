package io.viommufleet.agent.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one process leaves to the next about the lease of a boot. */
class WatchdogTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    @TempDir
    Path directory;

    private Optional<Long> uptime = Optional.of(1_000 * SECOND);

    private Watchdog open() {
        return new Watchdog(directory.resolve("lease"), () -> uptime);
    }

    private void pass(long seconds) {
        uptime = uptime.map(now -> now + seconds * SECOND);
    }

    /** Armed by a process whose own clock stands at 7 s, for a heartbeat that it sent at 5 s. */
    private void arm() {
        open().keep("boot", Optional.of(30_000L), Optional.of(5 * SECOND), 7 * SECOND);
    }

    @Test
    void theNextProcessCountsOnOnAClockOfItsOwn() {
        arm();
        pass(20);

        assertThat(open().ranOut("boot")).isFalse();
        assertThat(open().acknowledgedNanos("boot", 500 * SECOND)).contains(478 * SECOND);
    }

    @Test
    void aLeaseRunsOutWhileNobodyLooks() {
        arm();
        pass(27);
        assertThat(open().ranOut("boot")).isFalse();
        pass(1);
        assertThat(open().ranOut("boot")).isTrue();
    }

    @Test
    void itIsOfOneBoot() {
        arm();
        pass(100);

        assertThat(open().ranOut("another")).isFalse();
        assertThat(open().acknowledgedNanos("another", 0)).isEmpty();
    }

    @Test
    void aMachineThatWasStartedAgainHasLostIt() {
        arm();
        uptime = Optional.of(3 * SECOND);
        assertThat(open().ranOut("boot")).isTrue();
    }

    @Test
    void whereTheTimeCannotBeKnownItHasRunOut() {
        arm();
        uptime = Optional.empty();
        assertThat(open().ranOut("boot")).isTrue();
    }

    @Test
    void withoutALeaseNothingIsLeft() {
        arm();
        open().keep("boot", Optional.empty(), Optional.of(6 * SECOND), 8 * SECOND);

        assertThat(Files.exists(directory.resolve("lease"))).isFalse();
        assertThat(open().ranOut("boot")).isFalse();
    }

    @Test
    void theClockOfTheMachineGoesOn() {
        assertThat(BootClock.ofMachine().nanos()).isNotEqualTo(Optional.of(0L));
    }
}
