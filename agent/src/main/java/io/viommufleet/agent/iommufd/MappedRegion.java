package io.viommufleet.agent.iommufd;

/** A driver's region mapped into a process; it keeps the object that owns the region from being destroyed. */
public final class MappedRegion {
    private final IommufdObject owner;
    private final int firstWord;
    private boolean mapped = true;

    MappedRegion(IommufdObject owner, int firstWord) {
        this.owner = owner;
        this.firstWord = firstWord;
        owner.hold();
    }

    /** The first 32-bit word that the process reads. */
    public int firstWord() {
        return firstWord;
    }

    /** Unmaps it, once. */
    public void unmap() {
        if (mapped) {
            mapped = false;
            owner.drop();
        }
    }
}
