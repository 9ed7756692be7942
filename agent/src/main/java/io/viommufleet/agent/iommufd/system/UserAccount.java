package io.viommufleet.agent.iommufd.system;

/** A user of the host, to whom pinned pages of all that user's processes and contexts are charged. */
public final class UserAccount {
    private long lockedPages;

    /** Pages charged now. */
    public long lockedPages() {
        return lockedPages;
    }

    /** Adds to (or takes from) the charge. */
    public void addLocked(long pages) {
        lockedPages += pages;
    }
}
