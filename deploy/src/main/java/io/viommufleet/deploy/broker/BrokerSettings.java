package io.viommufleet.deploy.broker;

import java.nio.file.Path;

/**
 * Where a broker listens and keeps its data.
 *
 * @param dataDirectory of the logs and the metadata; created when missing
 * @param host the name or address to listen on and to advertise
 * @param port to listen on; 0 chooses a free one
 */
public record BrokerSettings(Path dataDirectory, String host, int port) {
    private static final int HIGHEST_PORT = 0xffff;

    public BrokerSettings {
        if (port < 0 || port > HIGHEST_PORT) {
            throw new IllegalArgumentException("port %d of the broker is none: allowed are 0 to 65535".formatted(port));
        }
    }

    /** A broker that only this machine reaches, on any free port. */
    public static BrokerSettings local(Path dataDirectory) {
        return new BrokerSettings(dataDirectory, "localhost", 0);
    }
}
