package io.viommufleet.agent.app;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A clock that all processes of one boot share and that goes on while they sleep, unlike {@link System#nanoTime}, whose origin
 * is a JVM's own.
 */
@FunctionalInterface
interface BootClock {
    /** Nanoseconds since the machine was started; empty where that cannot be known. */
    Optional<Long> nanos();

    /** CLOCK_BOOTTIME of Linux, as {@code /proc/uptime} tells it, to a hundredth of a second. */
    static BootClock ofMachine() {
        return () -> {
            try {
                String seconds =
                        Files.readString(Path.of("/proc/uptime"), US_ASCII).split(" ", 2)[0];
                return Optional.of(new BigDecimal(seconds).movePointRight(9).longValueExact());
            } catch (IOException | ArithmeticException | NumberFormatException unknown) {
                return Optional.empty();
            }
        };
    }
}
