package io.viommufleet.agent.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bitmaps of 4 KiB pages, the first bit first, from an IOVA at which entries of 16 KiB are aligned unless said otherwise. */
class DirtyEntriesTest {
    private static final long PAGE = 4096;

    @ParameterizedTest
    @CsvSource({
        "0, 0100000, 1111000, true",
        "0, 0100000, 1100000, true",
        "0, 0100000, 0110000, false",
        "0, 0100000, 1110000, false",
        "0, 0100000, 0000000, false",
        "0, 1111000, 0000110, false",
        "0, 0100010, 1111010, true",
        "0, 0000010, 0000111, true",
        "1, 0100000, 1110000, true",
        "1, 0001000, 1111000, false"
    })
    void explainWhatIsTheRestOfAnAlignedEntry(int firstPage, String one, String other, boolean explained) {
        DirtyEntries entries = new DirtyEntries(0x100000 + firstPage * PAGE, one.length() * PAGE, PAGE, 4 * PAGE);

        assertThat(entries.explain(bits(one), bits(other))).isEqualTo(explained);
        assertThat(entries.explain(bits(other), bits(one))).isEqualTo(explained);
    }

    private static BitSet bits(String text) {
        BitSet bits = new BitSet();
        for (int bit = 0; bit < text.length(); bit++) {
            bits.set(bit, text.charAt(bit) == '1');
        }
        return bits;
    }
}
