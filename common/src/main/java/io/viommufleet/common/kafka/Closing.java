package io.viommufleet.common.kafka;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How clients are closed: within a bound, and without hiding the failure that led there. */
final class Closing {
    static final Duration DEADLINE = Duration.ofSeconds(5);

    private static final Logger LOGGER = LoggerFactory.getLogger(Closing.class);

    private Closing() {}

    static void quietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception failure) {
            LOGGER.atDebug().setCause(failure).log("a client did not close in good order");
        }
    }
}
