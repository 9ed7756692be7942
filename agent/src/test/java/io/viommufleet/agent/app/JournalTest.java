package io.viommufleet.agent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.agent.core.Command;
import io.viommufleet.agent.core.JournalEntry;
import io.viommufleet.agent.core.Records;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.GuestCall;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    private static final JournalEntry INVENTORY = new JournalEntry.InventoryPublished(3);
    private static final JournalEntry REFUSED = new JournalEntry.Refused(1, 42);

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void place() {
        file = directory.resolve("journal");
    }

    @Test
    void givesBackWhatWasAppendedInOrder() {
        List<JournalEntry> facts = List.of(settled("b", 1), settled("a", 1), quarantined(), REFUSED, INVENTORY);
        append("boot-1", facts);

        assertThat(reopened("boot-1")).isEqualTo(facts);
    }

    @Test
    void keepsOnlyTheLastFactOfEachAttachment() {
        JournalEntry released = new JournalEntry.Released(
                Records.attach(Records.AGENT, "a", 0, 1).id());
        append("boot-1", List.of(settled("a", 1), settled("b", 1), settled("b", 2), released, INVENTORY));

        assertThat(reopened("boot-1")).containsExactly(settled("b", 2), INVENTORY);
    }

    @Test
    void forgetsAttachmentsInANewBootAndKeepsWhatOutlivesIt() {
        append("boot-1", List.of(settled("a", 1), REFUSED, INVENTORY));

        assertThat(reopened("boot-2")).containsExactly(REFUSED, INVENTORY);
        assertThat(reopened("boot-1")).containsExactly(REFUSED, INVENTORY);
    }

    @Test
    void dropsALastLineThatWasCutShortWhereverItWasCut() throws IOException {
        append("boot-1", List.of(settled("a", 1), INVENTORY));
        byte[] whole = Files.readAllBytes(file);
        int lastLine = new String(whole, 0, whole.length - 1, UTF_8).lastIndexOf('\n') + 1;

        for (int length = lastLine; length < whole.length - 1; length += 3) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(reopened("boot-1"))
                    .as("cut after %d bytes", length)
                    .startsWith(settled("a", 1))
                    .doesNotContain(INVENTORY);
        }
    }

    @Test
    void goesOnAfterALineThatWasCutShort() throws IOException {
        append("boot-1", List.of(settled("a", 1)));
        Files.writeString(file, "0123", StandardOpenOption.APPEND);

        append("boot-1", List.of(settled("b", 1)));

        assertThat(reopened("boot-1")).contains(settled("a", 1), settled("b", 1));
    }

    @Test
    void refusesToGuessWhereALineInTheMiddleIsDamaged() throws IOException {
        append("boot-1", List.of(settled("a", 1), INVENTORY));
        List<String> lines = Files.readAllLines(file);
        lines.set(2, lines.get(2).replace("spr-01", "spr-02"));
        Files.write(file, lines);

        assertThatThrownBy(() -> reopened("boot-1"))
                .isInstanceOf(FleetException.class)
                .hasMessageContaining("damaged at line 3");
    }

    @Test
    void staysSmallHoweverOftenAnAttachmentIsAnswered() throws IOException {
        try (Journal journal = new Journal(file, "boot-1")) {
            for (int generation = 1; generation <= 2_000; generation++) {
                journal.append(List.of(new JournalEntry.InventoryPublished(generation)));
            }
        }

        assertThat(Files.readAllLines(file)).hasSizeLessThan(300);
        assertThat(reopened("boot-1")).containsExactly(new JournalEntry.InventoryPublished(2_000));
    }

    private void append(String boot, List<JournalEntry> facts) {
        try (Journal journal = new Journal(file, boot)) {
            journal.append(facts);
        }
    }

    private List<JournalEntry> reopened(String boot) {
        try (Journal journal = new Journal(file, boot)) {
            return journal.entries();
        }
    }

    private static JournalEntry settled(String vm, long generation) {
        Command command = new Command(Records.attach(Records.AGENT, vm, 0, 1), generation, 7);
        Outcome outcome = new Outcome(
                command.id(),
                generation,
                DeviceState.ATTACHED,
                Optional.empty(),
                List.of("WANT_PASID_ATTACH"),
                Map.of("viommus[0].ril", "on"),
                1_000_000,
                List.of(new GuestReport(
                        new GuestStep.Reset(),
                        List.of(new GuestCall("IOAS_UNMAP", 2, Optional.of("ENOENT"))),
                        Optional.of(new GuestReport.Failure(
                                Optional.of("IOAS_UNMAP"), Optional.of("ENOENT"), "nothing is mapped")),
                        "")),
                Optional.empty());
        return new JournalEntry.Settled(command, outcome, command);
    }

    private static JournalEntry quarantined() {
        Command held = new Command(Records.attach(Records.AGENT, "q", 0, 1), 1, 7);
        Command detach = new Command(Records.detached(held.attachment()), 2, 8);
        AttachFailure busy =
                new AttachFailure(AttachStep.DETACH, Optional.of("IOMMU_DESTROY"), Optional.of("EBUSY"), "busy");
        Outcome outcome = new Outcome(
                held.id(),
                2,
                DeviceState.QUARANTINED,
                Optional.of(busy),
                List.of(),
                Map.of(),
                5,
                List.of(),
                Optional.empty());
        return new JournalEntry.Settled(detach, outcome, held);
    }
}
