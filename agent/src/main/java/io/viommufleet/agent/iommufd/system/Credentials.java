package io.viommufleet.agent.iommufd.system;

/**
 * What a process may do.
 *
 * @param lockAnyMemory CAP_IPC_LOCK: pinned pages are not counted
 * @param exceedResources CAP_SYS_RESOURCE: may choose how pinned pages are counted
 * @param memlockLimitBytes RLIMIT_MEMLOCK, -1 for none
 */
public record Credentials(boolean lockAnyMemory, boolean exceedResources, long memlockLimitBytes) {
    /** Root without limits. */
    public static Credentials root() {
        return new Credentials(true, true, -1);
    }

    /** RLIMIT_MEMLOCK in whole pages. */
    public long memlockLimitPages() {
        return memlockLimitBytes < 0 ? Long.MAX_VALUE : memlockLimitBytes >>> PageMath.PAGE_SHIFT;
    }
}
