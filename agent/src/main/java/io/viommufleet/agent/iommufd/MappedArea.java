package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.iova.Area;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.PageMath;

/** An area of an IOAS: IOVAs, the memory behind them and what DMA may do there. */
final class MappedArea extends Area {
    private final Pages pages;
    private final long byteOffset;
    private final byte protection;
    private boolean pinnedForDomains;
    private int accesses;
    private int locks;

    /** An area whose first byte is byte {@code byteOffset} of {@code pages}. */
    MappedArea(long start, long last, Pages pages, long byteOffset, Protection protection) {
        super(start, last);
        this.pages = pages;
        this.byteOffset = byteOffset;
        this.protection = (byte) protection.bits();
    }

    Pages pages() {
        return pages;
    }

    Protection protection() {
        return Protection.ofBits(protection);
    }

    @Override
    public int pageOffset() {
        return PageMath.offsetInPage(byteOffset);
    }

    /** Which byte of the pages stands at an IOVA. */
    long byteOffsetOf(long iova) {
        return byteOffset + (iova - start());
    }

    /** Position in the source of the byte at an IOVA. */
    long positionOf(long iova) {
        return pages.positionOf(byteOffsetOf(iova));
    }

    /** Pins the memory for the domains of the IOAS. */
    void pinForDomains() throws KernelFailure {
        pages.pin(byteOffset, lengthBytes());
        pinnedForDomains = true;
    }

    /** No domain translates the area any more. */
    void unpinForDomains() {
        if (pinnedForDomains) {
            pinnedForDomains = false;
            pages.unpin(byteOffset, lengthBytes());
        }
    }

    /** Takes over half of what {@code whole} has pinned; {@code other} gets the other half. Nothing is pinned or charged anew. */
    void takePinsOf(MappedArea whole, MappedArea other) throws KernelFailure {
        if (whole.pinnedForDomains) {
            pinForDomains();
            other.pinForDomains();
            whole.unpinForDomains();
        }
    }

    /** How many accesses have pages of the area pinned. */
    int accesses() {
        return accesses;
    }

    void addAccess(int change) {
        accesses += change;
    }

    /** Whether a hardware queue keeps the area from being unmapped. */
    boolean isLocked() {
        return locks > 0;
    }

    void addLock(int change) {
        locks += change;
    }
}
