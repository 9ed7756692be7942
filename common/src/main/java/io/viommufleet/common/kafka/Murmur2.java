package io.viommufleet.common.kafka;

/**
 * The 32-bit MurmurHash2 with the seed that Kafka's default partitioner uses, so that a partition computed here is the one
 * that any Kafka tool computes for the same key.
 */
final class Murmur2 {
    private static final int SEED = 0x9747b28c;
    private static final int MULTIPLIER = 0x5bd1e995;
    private static final int ROTATION = 24;

    private Murmur2() {}

    static int hash(byte[] data) {
        int hash = SEED ^ data.length;
        int whole = data.length & ~3;
        for (int at = 0; at < whole; at += 4) {
            int word = byteAt(data, at)
                    | (byteAt(data, at + 1) << 8)
                    | (byteAt(data, at + 2) << 16)
                    | (byteAt(data, at + 3) << 24);
            word *= MULTIPLIER;
            word ^= word >>> ROTATION;
            hash = (hash * MULTIPLIER) ^ (word * MULTIPLIER);
        }
        return finish(mixTail(hash, data, whole));
    }

    private static int mixTail(int hash, byte[] data, int from) {
        if (from == data.length) {
            return hash;
        }
        int mixed = hash;
        for (int at = from; at < data.length; at++) {
            mixed ^= byteAt(data, at) << (8 * (at - from));
        }
        return mixed * MULTIPLIER;
    }

    private static int finish(int hash) {
        int mixed = (hash ^ (hash >>> 13)) * MULTIPLIER;
        return mixed ^ (mixed >>> 15);
    }

    private static int byteAt(byte[] data, int at) {
        return data[at] & 0xff;
    }
}
