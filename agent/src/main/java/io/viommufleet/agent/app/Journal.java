package io.viommufleet.agent.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.agent.core.JournalEntry;
import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.AttachmentId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The facts of one boot on disk, appended and forced before anything that follows from them is published.
 *
 * <p>A last line that was cut short by a crash was never acted upon and is dropped; a bad line before others is damage, and
 * the agent refuses to guess. What has been superseded goes when the file has grown to several times what is needed.
 */
final class Journal implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Journal.class);
    private static final int COMPACT_AT_LEAST = 256;
    private static final int MOST_REFUSED = 10_000;

    private final Path file;
    private final String boot;
    private final Map<AttachmentId, JournalEntry> attachments = new LinkedHashMap<>();
    private final SequencedSet<JournalEntry.Refused> refused = new LinkedHashSet<>();
    private JournalEntry.InventoryPublished inventory = new JournalEntry.InventoryPublished(0);
    private FileChannel channel;
    private int lines;

    /**
     * Opens the journal of a boot; what an earlier boot attached is forgotten.
     *
     * @throws FleetException FAILED if it cannot be read or is damaged
     */
    Journal(Path file, String boot) {
        this.file = file;
        this.boot = boot;
        try {
            load();
            channel = rewritten();
        } catch (IOException failure) {
            throw failed(failure);
        }
    }

    /** The facts that still matter, in the order in which they came about. */
    List<JournalEntry> entries() {
        List<JournalEntry> entries = new ArrayList<>(attachments.values());
        entries.addAll(refused);
        entries.add(inventory);
        return entries;
    }

    /** Puts facts on disk. */
    void append(List<JournalEntry> facts) {
        if (facts.isEmpty()) {
            return;
        }
        facts.forEach(this::keep);
        try {
            Durable.write(channel, text(facts.stream().map(JournalCodec::line).toList()));
            lines += facts.size();
            if (lines > COMPACT_AT_LEAST && lines > 4 * entries().size()) {
                channel.close();
                channel = rewritten();
            }
        } catch (IOException failure) {
            throw failed(failure);
        }
    }

    private void load() throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        List<String> found = Files.readString(file, UTF_8).lines().toList();
        boolean sameBoot = !found.isEmpty()
                && JournalCodec.boot(found.getFirst()).filter(boot::equals).isPresent();
        for (int index = 1; index < found.size(); index++) {
            boolean last = index == found.size() - 1;
            JournalCodec.entry(found.get(index))
                    .ifPresentOrElse(entry -> keep(entry, sameBoot), last ? this::tornEnd : damagedAt(index + 1));
        }
    }

    private void tornEnd() {
        LOGGER.atWarn().addKeyValue("file", file).log("the last journal entry was cut short and is dropped");
    }

    private Runnable damagedAt(int line) {
        return () -> {
            throw new FleetException(
                    FleetError.FAILED,
                    "the journal %s is damaged at line %d: what this boot has attached is not known; restore it, or begin a new boot"
                            .formatted(file, line));
        };
    }

    private void keep(JournalEntry entry, boolean sameBoot) {
        if (sameBoot || outlivesTheBoot(entry)) {
            keep(entry);
        }
    }

    private static boolean outlivesTheBoot(JournalEntry entry) {
        return switch (entry) {
            case JournalEntry.Settled settled -> false;
            case JournalEntry.Released released -> false;
            case JournalEntry.InventoryPublished published -> true;
            case JournalEntry.Refused said -> true;
        };
    }

    private void keep(JournalEntry entry) {
        switch (entry) {
            case JournalEntry.Settled settled ->
                attachments.put(settled.command().id(), settled);
            case JournalEntry.Released released -> attachments.remove(released.id());
            case JournalEntry.InventoryPublished published -> inventory = published;
            case JournalEntry.Refused said -> {
                refused.add(said);
                if (refused.size() > MOST_REFUSED) {
                    refused.removeFirst();
                }
            }
        }
    }

    private FileChannel rewritten() throws IOException {
        List<String> content = new ArrayList<>(List.of(JournalCodec.header(boot)));
        entries().forEach(entry -> content.add(JournalCodec.line(entry)));
        Durable.replace(file, text(content));
        lines = content.size();
        return FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    }

    private static byte[] text(List<String> lines) {
        return lines.stream().collect(Collectors.joining("\n", "", "\n")).getBytes(UTF_8);
    }

    private FleetException failed(IOException failure) {
        return new FleetException(
                FleetError.FAILED, "the journal %s cannot be used: %s".formatted(file, failure), failure);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException failure) {
            throw failed(failure);
        }
    }
}
