package io.viommufleet.agent.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.core.AgentEvent.CaughtUp;
import io.viommufleet.agent.core.AgentEvent.InventoryRead;
import io.viommufleet.agent.core.AgentEvent.RecordRead;
import io.viommufleet.agent.core.AgentEvent.Tick;
import io.viommufleet.agent.core.AgentEvent.TombstoneRead;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Random logs and results, among them stale leaders and other incarnations; {@code -Dseed=} repeats one of them. */
class AgentCoreRandomTest {
    private static final int RUNS = 150;
    private static final int EVENTS = 120;
    private static final AttachFailure FAILURE =
            new AttachFailure(AttachStep.ATTACH, Optional.of("IOMMU_HWPT_ALLOC"), Optional.of("ENOMEM"), "no memory");

    private static final AttachFailure GONE =
            new AttachFailure(AttachStep.OPEN_CDEV, Optional.empty(), Optional.of("ENODEV"), "the device is gone");

    @Test
    void keepsItsInvariantsOnRandomLogs() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("AgentCoreRandomTest -Dseed=" + seed);
        for (int run = 0; run < RUNS; run++) {
            new RandomRun(seed + run).check();
        }
    }

    /** One random life of an agent. */
    private static final class RandomRun {
        private final long seed;
        private final Random random;
        private final List<AgentEvent> events = new ArrayList<>();
        private final CoreRun run = new CoreRun(Records.AGENT, List.of());
        private final Map<String, Long> highestEpoch = new HashMap<>();
        private final Map<Bdf, AttachmentId> holders = new HashMap<>();
        private final Set<AttachmentId> lost = new HashSet<>();
        private Optional<Envelope> last = Optional.empty();
        private long offset;

        RandomRun(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        void check() {
            feed(new InventoryRead(Records.inventory(4)));
            for (int index = 0; index < EVENTS; index++) {
                feed(next());
            }
            assertEachGenerationHasOneAnswer();
            assertReplayGivesTheSame();
            assertTheJournalGivesTheSame();
        }

        private AgentEvent next() {
            Optional<Operation> running = run.running();
            if (running.isPresent() && random.nextInt(3) > 0) {
                return new AgentEvent.OperationCompleted(running.get().id(), result());
            }
            return switch (random.nextInt(12)) {
                case 0 -> new Tick();
                case 1 -> new CaughtUp();
                case 2 -> new TombstoneRead(Records.HOST + "/vm" + random.nextInt(3) + "/d0");
                case 5 -> repeated();
                case 6 -> loss();
                case 3, 4 -> read(new HostAdmission(Records.HOST, "boot-1", random.nextInt(20) == 0 ? "x" : "agent-1"));
                default -> read(command());
            };
        }

        /** The host loses the device that is being attached or detached. */
        private AgentEvent loss() {
            return run.running()
                    .<AgentEvent>map(running -> new AgentEvent.DeviceLost(running.id(), GONE))
                    .orElseGet(Tick::new);
        }

        private OperationResult result() {
            return random.nextInt(4) == 0 ? new OperationResult.Failed(FAILURE) : OperationResult.succeeded();
        }

        private Attachment command() {
            AgentIdentity agent =
                    random.nextInt(5) == 0 ? new AgentIdentity(Records.HOST, 0, "boot-1", "agent-0") : Records.AGENT;
            Attachment attachment = Records.on(
                    Records.attach(agent, "vm" + random.nextInt(3), random.nextInt(2), 2),
                    Records.bdf(random.nextInt(4)));
            return random.nextBoolean() ? attachment : Records.detached(attachment);
        }

        /** A generation is used once per key; a leader that is over writes with its old epoch. */
        private AgentEvent read(FleetRecord value) {
            return at(Records.led(1 + random.nextInt(3), 1 + offset, value));
        }

        /** The last record once more, as a leader may write it again that does not know that it did. */
        private AgentEvent repeated() {
            return last.map(this::at).orElseGet(Tick::new);
        }

        private AgentEvent at(Envelope envelope) {
            last = Optional.of(envelope);
            return new RecordRead(new LogPosition(0, offset++), envelope);
        }

        private void feed(AgentEvent event) {
            events.add(event);
            boolean stale = stale(event);
            if (event instanceof AgentEvent.DeviceLost(AttachmentId id, AttachFailure _)
                    && run.core.states().get(id) instanceof AttachmentState.Attaching) {
                lost.add(id);
            }
            Step step = run.on(event);
            assertLossIsSaidAtTheEnd(event, step);
            assertThat(step.operations()).as("seed %d", seed).hasSizeLessThanOrEqualTo(1);
            if (stale) {
                assertThat(run.rejected()).as("seed %d", seed).isNotEmpty();
            }
            step.operations().forEach(this::assertAllowed);
            assertNoDeviceIsHeldTwice();
        }

        private boolean stale(AgentEvent event) {
            if (!(event instanceof RecordRead read)) {
                return false;
            }
            String key = read.envelope().value().key();
            long epoch = ((Origin.Controller) read.envelope().origin()).epoch();
            long highest = highestEpoch.merge(key, epoch, Math::max);
            return epoch < highest;
        }

        private void assertLossIsSaidAtTheEnd(AgentEvent event, Step step) {
            List<Outcome> said = step.records().stream()
                    .map(Envelope::value)
                    .filter(Outcome.class::isInstance)
                    .map(Outcome.class::cast)
                    .filter(outcome -> lost.contains(outcome.id()))
                    .toList();
            if (event instanceof AgentEvent.OperationCompleted(AttachmentId id, OperationResult _, List<?> _)
                    && lost.contains(id)) {
                assertThat(said.getFirst().failure()).as("seed %d", seed).contains(GONE);
                lost.remove(id);
            } else {
                assertThat(said).as("seed %d", seed).isEmpty();
            }
        }

        private void assertAllowed(Operation operation) {
            assertThat(run.core.acts()).as("seed %d", seed).isTrue();
            if (operation instanceof Operation.Attach(Command command)) {
                assertThat(command.attachment().incarnation())
                        .as("seed %d", seed)
                        .isEqualTo("agent-1");
                assertThat(command.epoch())
                        .as("seed %d", seed)
                        .isEqualTo(highestEpoch.get(command.attachment().key()));
            }
        }

        private void assertNoDeviceIsHeldTwice() {
            holders.clear();
            run.core
                    .states()
                    .forEach((id, state) -> state.holding()
                            .ifPresent(held -> assertThat(
                                            holders.put(held.attachment().bdf(), id))
                                    .as("seed %d: %s", seed, held.attachment().bdf())
                                    .isNull()));
        }

        private void assertEachGenerationHasOneAnswer() {
            Set<String> generations = new HashSet<>();
            Set<Outcome> answers = new HashSet<>();
            for (JournalEntry entry : run.journal) {
                if (entry instanceof JournalEntry.Settled settled) {
                    answers.add(settled.outcome());
                    String question = settled.command().toString();
                    assertThat(generations.add(question))
                            .as("seed %d: %s", seed, question)
                            .isTrue();
                }
            }
            assertThat(answers).as("seed %d", seed).containsAll(run.outcomes());
        }

        private void assertReplayGivesTheSame() {
            CoreRun again = new CoreRun(Records.AGENT, List.of());
            events.forEach(again::on);
            assertThat(again.written).as("seed %d", seed).isEqualTo(run.written);
            assertThat(again.core.states()).as("seed %d", seed).isEqualTo(run.core.states());
        }

        private void assertTheJournalGivesTheSame() {
            CoreRun restarted = new CoreRun(Records.AGENT, run.journal);
            run.core.states().forEach((id, state) -> {
                if (!state.busy()) {
                    assertThat(restarted.core.states().getOrDefault(id, AttachmentState.unasked()))
                            .as("seed %d: %s", seed, id)
                            .isEqualTo(state);
                }
            });
        }
    }
}
