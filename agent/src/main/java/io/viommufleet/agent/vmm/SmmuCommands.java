package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.GuestStep.IovaSpan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The commands of an SMMUv3 command queue that a VMM passes on, as the 16 bytes that the guest writes (Arm SMMUv3, chapter "Commands and events"). */
final class SmmuCommands {
    /** Bytes of one command. */
    static final int BYTES = 16;

    private static final int CFGI_CD = 0x05;
    private static final int CFGI_CD_ALL = 0x06;
    private static final int TLBI_NH_ALL = 0x10;
    private static final int TLBI_NH_ASID = 0x11;
    private static final int TLBI_NH_VA = 0x12;
    private static final int ATC_INV = 0x40;

    private static final int PASID_SHIFT = 12;
    private static final int STREAM_SHIFT = 32;
    private static final int ASID_SHIFT = 48;
    private static final int SCALE_SHIFT = 20;
    private static final int COUNT_SHIFT = 12;
    private static final int GRANULE_4K = 1 << 10;
    private static final long LEAF = 1;
    private static final long PASID_VALID = 1 << 11;
    private static final long EVERY_ADDRESS = 52;
    private static final int PAGE_SHIFT = 12;
    private static final int RANGE_COUNT_MASK = 31;

    /** From this many pages on, a guest without range invalidation drops the whole address space instead. */
    private static final int MOST_SINGLE_PAGES = 512;

    private SmmuCommands() {}

    /** The context descriptor of one PASID, or of all. */
    static byte[] configuration(int stream, int pasid) {
        return pasid == 0
                ? command(CFGI_CD_ALL | stream(stream), 0)
                : command(CFGI_CD | (long) pasid << PASID_SHIFT | stream(stream), LEAF);
    }

    /** Every translation. */
    static byte[] everything() {
        return command(TLBI_NH_ALL, 0);
    }

    /** Every translation of an address space. */
    static byte[] addressSpace(int asid) {
        return command(TLBI_NH_ASID | asid(asid), 0);
    }

    /** The translations of a range: one command for up to 31 pages of a power of two in size with range invalidation, else one for each page. */
    static List<byte[]> range(int asid, IovaSpan span, boolean rangeInvalidation) {
        long page = span.start() >>> PAGE_SHIFT;
        long left = (span.last() >>> PAGE_SHIFT) - page + 1;
        if (!rangeInvalidation && left >= MOST_SINGLE_PAGES) {
            return List.of(addressSpace(asid));
        }
        List<byte[]> commands = new ArrayList<>();
        while (left > 0) {
            int scale = rangeInvalidation ? Long.numberOfTrailingZeros(left) : 0;
            long count = rangeInvalidation ? left >>> scale & RANGE_COUNT_MASK : 1;
            long size = rangeInvalidation ? (count - 1) << COUNT_SHIFT | (long) scale << SCALE_SHIFT : 0;
            long granule = rangeInvalidation ? GRANULE_4K : 0;
            commands.add(command(TLBI_NH_VA | size | asid(asid), page << PAGE_SHIFT | granule | LEAF));
            page += count << scale;
            left -= count << scale;
        }
        return commands;
    }

    /** What the device itself has cached; of a range, the block that covers it. */
    static byte[] device(int stream, int pasid, Optional<IovaSpan> span) {
        long address = span.map(PageBlock::covering).map(PageBlock::start).orElse(0L);
        long size = span.map(PageBlock::covering)
                .map(block -> (long) Long.numberOfTrailingZeros(block.pages()))
                .orElse(EVERY_ADDRESS);
        long who = pasid == 0 ? 0 : PASID_VALID | (long) pasid << PASID_SHIFT;
        return command(ATC_INV | who | stream(stream), address | size);
    }

    private static long stream(int stream) {
        return (long) stream << STREAM_SHIFT;
    }

    private static long asid(int asid) {
        return (long) asid << ASID_SHIFT;
    }

    private static byte[] command(long word0, long word1) {
        return ByteBuffer.allocate(BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(word0)
                .putLong(word1)
                .array();
    }
}
