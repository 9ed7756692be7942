package io.viommufleet.agent.iommufd.iova;

/** An area with nothing behind it. */
final class TestArea extends Area {
    TestArea(long start, long last) {
        super(start, last);
    }

    @Override
    public int pageOffset() {
        return 0;
    }

    boolean meets(long otherStart, long otherLast) {
        return Long.compareUnsigned(start(), otherLast) <= 0 && Long.compareUnsigned(otherStart, last()) <= 0;
    }

    @Override
    public String toString() {
        return "[0x%x, 0x%x]".formatted(start(), last());
    }
}
