package io.viommufleet.controller.placement;

import java.nio.charset.StandardCharsets;

/** A hash of names that is the same in every process and every release: ties between hosts are decided by it. */
final class StableHash {
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private StableHash() {}

    /** FNV-1a over UTF-8, then mixed so that alike names lie far apart on the ring. */
    static long of(String name) {
        long hash = FNV_OFFSET;
        for (byte one : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (one & 0xff)) * FNV_PRIME;
        }
        hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
        hash = (hash ^ hash >>> 33) * 0xc4ceb9fe1a85ec53L;
        return hash ^ hash >>> 33;
    }
}
