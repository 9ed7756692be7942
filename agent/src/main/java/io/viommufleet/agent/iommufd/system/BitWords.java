package io.viommufleet.agent.iommufd.system;

/** Bits in arrays of 64-bit words: bit n is bit n mod 64 of word n / 64. */
public final class BitWords {
    /** log2 of the bits in a word. */
    public static final int WORD_SHIFT = 6;

    private BitWords() {}

    /** The word that holds a bit. */
    public static int wordOf(int bit) {
        return bit >>> WORD_SHIFT;
    }

    /** The bits of a word from {@code bit} of the array on. */
    public static long maskFrom(long bit) {
        return -1L << bit;
    }

    /** The bits of a word up to {@code bit} of the array, that one included. */
    public static long maskTo(long bit) {
        return -1L >>> ~bit;
    }

    /** Sets {@code [first, last]}. */
    public static void set(long[] words, int first, int last) {
        for (int word = wordOf(first); word <= wordOf(last); word++) {
            words[word] |= maskIn(word, first, last);
        }
    }

    /** Clears {@code [first, last]}. */
    public static void clear(long[] words, int first, int last) {
        for (int word = wordOf(first); word <= wordOf(last); word++) {
            words[word] &= ~maskIn(word, first, last);
        }
    }

    /** The first bit of {@code [first, last]} that is set, or -1. */
    public static int nextSet(long[] words, int first, int last) {
        for (int word = wordOf(first); word <= wordOf(last); word++) {
            long found = words[word] & maskIn(word, first, last);
            if (found != 0) {
                return (word << WORD_SHIFT) + Long.numberOfTrailingZeros(found);
            }
        }
        return -1;
    }

    private static long maskIn(int word, int first, int last) {
        long mask = word == wordOf(first) ? maskFrom(first) : -1L;
        return word == wordOf(last) ? mask & maskTo(last) : mask;
    }
}
