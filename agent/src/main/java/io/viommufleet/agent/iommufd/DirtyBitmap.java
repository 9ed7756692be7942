package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.BitWords.WORD_SHIFT;

import io.viommufleet.agent.iommufd.system.BitWords;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.util.Arrays;

/** The bitmap of a caller, in which bits are only ever set. Parts of it that cannot be written are skipped. */
final class DirtyBitmap {
    private static final int SCRATCH_WORDS = 512;

    private final UserBuffer memory;
    private long[] scratch = new long[0];

    DirtyBitmap(UserBuffer memory) {
        this.memory = memory;
    }

    /** Sets {@code [firstBit, lastBit]}. */
    void set(long firstBit, long lastBit) {
        long firstWord = firstBit >>> WORD_SHIFT;
        long lastWord = lastBit >>> WORD_SHIFT;
        long[] words = scratch();
        int count;
        for (long word = firstWord; word <= lastWord; word += count) {
            count = (int) Math.min(lastWord - word + 1, SCRATCH_WORDS);
            Arrays.fill(words, 0, count, -1L);
            if (word == firstWord) {
                words[0] &= BitWords.maskFrom(firstBit);
            }
            if (word + count > lastWord) {
                words[count - 1] &= BitWords.maskTo(lastBit);
            }
            setWords(word, words, 0, count);
        }
    }

    /** Sets what is set in {@code words[from]} up to before {@code words[to]}, whose first bit stands at {@code firstBit} of the bitmap. */
    void set(long firstBit, long[] words, int from, int to) {
        if ((firstBit & (Long.SIZE - 1)) == 0) {
            setWords(firstBit >> WORD_SHIFT, words, from, to);
            return;
        }
        long bit = firstBit;
        for (int piece = from; piece < to; piece += SCRATCH_WORDS - 1) {
            setShifted(bit, words, piece, Math.min(piece + SCRATCH_WORDS - 1, to));
            bit += (long) (SCRATCH_WORDS - 1) << WORD_SHIFT;
        }
    }

    private void setShifted(long firstBit, long[] words, int from, int to) {
        long[] shifted = scratch();
        int count = to - from;
        shifted[0] = words[from] << firstBit;
        for (int word = 1; word < count; word++) {
            shifted[word] = words[from + word] << firstBit | words[from + word - 1] >>> -firstBit;
        }
        shifted[count] = words[to - 1] >>> -firstBit;
        setWords(firstBit >> WORD_SHIFT, shifted, 0, count + 1);
    }

    /** What is zero at either end may lie outside of the bitmap. */
    private void setWords(long firstWord, long[] words, int from, int to) {
        int first = from;
        while (first < to && words[first] == 0) {
            first++;
        }
        int end = to;
        while (end > first && words[end - 1] == 0) {
            end--;
        }
        if (first < end) {
            memory.setBits((firstWord + first - from) * Long.BYTES, words, first, end);
        }
    }

    private long[] scratch() {
        if (scratch.length == 0) {
            scratch = new long[SCRATCH_WORDS];
        }
        return scratch;
    }
}
