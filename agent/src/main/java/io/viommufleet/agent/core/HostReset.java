package io.viommufleet.agent.core;

/** Why this boot of the host is over: the host is reset, and everything that its VMs had goes with it. */
public enum HostReset {
    /** A VM that evacuates may be started elsewhere from now on. */
    LEASE_OVER("no heartbeat was acknowledged for the length of a lease: a VM that evacuates may be started elsewhere"),
    /** The leader has declared this boot to be over. */
    BOOT_FENCED("the leader has fenced this boot: its devices count as free");

    private final String reason;

    HostReset(String reason) {
        this.reason = reason;
    }

    /** In words. */
    public String reason() {
        return reason;
    }
}
