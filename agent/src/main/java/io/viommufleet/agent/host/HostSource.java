package io.viommufleet.agent.host;

import io.viommufleet.common.model.HostInventory;

/** Where a host's inventory comes from. Reading it again shows what has changed. */
public interface HostSource {
    /**
     * Looks at the host as it is now.
     *
     * @throws io.viommufleet.common.FleetException if it cannot be read, or makes no sense; the message says where
     */
    HostInventory read();

    /** What is read, for messages: a file or a directory. */
    String describe();
}
