package io.viommufleet.agent.iommufd.system;

/**
 * A stretch of an address space.
 *
 * @param start first address, page aligned
 * @param lengthBytes whole pages
 * @param object what is mapped
 * @param offset of {@code start} in the object
 * @param writable whether the process may write
 */
public record Mapping(long start, long lengthBytes, MemoryObject object, long offset, boolean writable) {
    /** Last address. */
    public long last() {
        return start + lengthBytes - 1;
    }

    /** Where {@code address} lies in the object. */
    public long offsetOf(long address) {
        return offset + (address - start);
    }
}
