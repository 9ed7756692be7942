package io.viommufleet.agent.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The watchdog of an emulated host: a file that says when the last acknowledged heartbeat was sent and how long the lease is.
 * Whoever takes the host up later within the boot sees by it whether the host was to be reset in between. A real host has a
 * hardware watchdog in this place. The file is there only while a lease runs.
 */
final class Watchdog {
    private final Path file;
    private final BootClock clock;
    private Optional<Armed> armed;

    /** Sent when, on the clock of the boot; a lease of how long; in which boot. */
    private record Armed(String boot, long sentNanos, long leaseMillis) {
        String text() {
            return "%s %d %d%n".formatted(boot, sentNanos, leaseMillis);
        }

        static Optional<Armed> parse(String text) {
            String[] words = text.strip().split(" ", -1);
            try {
                return words.length == 3
                        ? Optional.of(new Armed(words[0], Long.parseLong(words[1]), Long.parseLong(words[2])))
                        : Optional.empty();
            } catch (NumberFormatException damaged) {
                return Optional.empty();
            }
        }
    }

    /**
     * Takes up what is there.
     *
     * @throws FleetException FAILED if the file cannot be used
     */
    Watchdog(Path file, BootClock clock) {
        this.file = file;
        this.clock = clock;
        try {
            armed = Files.exists(file) ? Armed.parse(Files.readString(file, UTF_8)) : Optional.empty();
        } catch (IOException failure) {
            throw unusable(failure);
        }
    }

    /** Whether a lease ran out in this boot while nobody looked; where the time cannot be known, it has. */
    boolean ranOut(String boot) {
        return armed.filter(lease -> lease.boot().equals(boot))
                .filter(lease -> ageNanos(lease)
                        .filter(age -> age < TimeUnit.MILLISECONDS.toNanos(lease.leaseMillis()))
                        .isEmpty())
                .isPresent();
    }

    /** When the heartbeat that the lease of this boot counts from was sent, on the clock of this process. */
    Optional<Long> acknowledgedNanos(String boot, long nowNanos) {
        return armed.filter(lease -> lease.boot().equals(boot))
                .flatMap(this::ageNanos)
                .map(age -> nowNanos - age);
    }

    /** Empty where the machine was started again in between, or nothing is known. */
    private Optional<Long> ageNanos(Armed lease) {
        return clock.nanos().map(now -> now - lease.sentNanos()).filter(age -> age >= 0);
    }

    /** Arms, feeds or disarms it. */
    void keep(String boot, Optional<Long> leaseMillis, Optional<Long> acknowledgedNanos, long nowNanos) {
        Optional<Armed> next = leaseMillis.flatMap(lease -> acknowledgedNanos.map(sent -> new Armed(
                boot, clock.nanos().map(now -> now - (nowNanos - sent)).orElse(0L), lease)));
        boolean same = next.isPresent() == armed.isPresent()
                && next.filter(lease -> !near(lease, armed.orElseThrow())).isEmpty();
        if (!same) {
            armed = next;
            write();
        }
    }

    /** The clock of the boot is coarse: less than a tenth of a second is no news. */
    private static boolean near(Armed one, Armed other) {
        return one.boot().equals(other.boot())
                && one.leaseMillis() == other.leaseMillis()
                && Math.abs(one.sentNanos() - other.sentNanos()) < TimeUnit.MILLISECONDS.toNanos(100);
    }

    private void write() {
        try {
            if (armed.isPresent()) {
                Durable.replace(file, armed.get().text().getBytes(UTF_8));
            } else {
                Files.deleteIfExists(file);
            }
        } catch (IOException failure) {
            throw unusable(failure);
        }
    }

    private FleetException unusable(IOException failure) {
        return new FleetException(
                FleetError.FAILED, "the lease file %s cannot be used: %s".formatted(file, failure), failure);
    }
}
