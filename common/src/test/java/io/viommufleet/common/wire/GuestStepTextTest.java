package io.viommufleet.common.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.GuestStep.Gbpa;
import io.viommufleet.common.model.GuestStep.IovaSpan;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.dataformat.yaml.YAMLMapper;

class GuestStepTextTest {
    private static final String VM = """
        metadata: {name: vm}
        spec:
          machine: pc-q35-10.0
          memory: 1GiB
          devices: [{id: gpu0}]
          guest: [boot, enable-viommu event-queue=off gbpa=abort, STEP]
        """;

    @Test
    void readsStepsWithTheirDefaults() {
        assertThat(GuestStepText.parse(" enable-viommu   event-queue=off gbpa=abort "))
                .isEqualTo(new GuestStep.EnableViommu(false, Optional.of(Gbpa.ABORT)));
        assertThat(GuestStepText.parse("map gpu0 length=2MiB iova=0x1000 pasid=7"))
                .isEqualTo(new GuestStep.Map(
                        "gpu0", 7, new IovaSpan(0x1000, 2 << 20), 0x1000, true, 0, GuestStep.Map.DEFAULT_TABLE));
    }

    @Test
    void readsBackWhatItWrites() {
        long seed = Long.getLong("seed", System.nanoTime());
        RandomGuest guest = new RandomGuest(new SplittableRandom(seed));
        for (int i = 0; i < 2_000; i++) {
            GuestStep step = guest.step("d" + i);
            assertThat(GuestStepText.parse(GuestStepText.write(step)))
                    .as("-Dseed=%d, step %d", seed, i)
                    .isEqualTo(step);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "mapp gpu0 | 'mapp' is not a step: did you mean map?",
                "\"\" | a step is missing; steps are boot, enable-viommu",
                "map iova=0 length=4KiB | map needs the id of a device: map DEVICE",
                "boot gpu0 | boot is about the whole VM and takes no 'gpu0'",
                "boot now=1 | boot takes no arguments, not 'now=1'",
                "map gpu0 iova=0 lenght=4KiB | 'lenght' is not an argument of map: did you mean length?",
                "map gpu0 length=4KiB | map needs iova=…",
                "map gpu0 iova=0 | map needs length=…",
                "map gpu0 iova=0 length=4kb | length='4kb' is not allowed: write a number of bytes",
                "map gpu0 iova=0 length=0 | make no range: it is empty",
                "map gpu0 iova=0xffffffffffffffff length=2 | make no range",
                "map gpu0 iova=0 length=1 access=x | access='x' is not allowed: write rw, r",
                "map gpu0 iova=0 length=1 pasid=1048576 | pasid='1048576' is not allowed: write a number from 0 to"
                        + " 1048575",
                "fault gpu0 iova=-1 | iova='-1' is not allowed: write an unsigned 64-bit number",
                "fault gpu0 iova=1 iova=1 | iova is given twice",
                "fault gpu0 iova | iova needs a value: iova=…",
                "invalidate gpu0 iova=1 | invalidate needs length=…",
            })
    void saysWhatIsWrongAndWhatIsAllowed(String line, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GuestStepText.parse(line))
                .withMessageContaining(message);
    }

    @Test
    void aVmNamesThePlaceOfABadStep() {
        assertThat(errorIn("map gpu iova=0 length=4KiB"))
                .isEqualTo(new TreeError(
                        "spec.guest[2]",
                        "map gpu iova=0 length=4KiB",
                        "'gpu' is not a device of the VM: did you mean gpu0?"));
        assertThat(errorIn("rest").message()).isEqualTo("'rest' is not a step: did you mean reset?");
    }

    @Test
    void aScriptHasAnEnd() {
        String endless = "reset, ".repeat(256) + "reset";
        assertThat(errorIn(endless)).extracting(TreeError::path).isEqualTo("spec.guest");
    }

    private static TreeError errorIn(String step) {
        return VmTree.read(new YAMLMapper().readTree(VM.replace("STEP", step)), UnknownKeys.REFUSED)
                .errors()
                .getFirst();
    }
}
