package io.viommufleet.agent.app;

import io.viommufleet.agent.core.AgentCore;
import io.viommufleet.agent.core.AttachmentState;
import io.viommufleet.agent.core.Command;
import io.viommufleet.agent.core.JournalEntry;
import io.viommufleet.agent.core.OperationResult;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Outcome;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings an agent that restarts within one boot back to where it was: the core replays the journal, and the emulated host,
 * whose kernel objects went with the process, gets everything again that was attached. A real kernel would have kept it.
 */
final class Recovery {
    private static final Logger LOGGER = LoggerFactory.getLogger(Recovery.class);

    private final AgentCore core;
    private final Journal journal;
    private final HostOperations operations;

    Recovery(AgentCore core, Journal journal, HostOperations operations) {
        this.core = core;
        this.journal = journal;
        this.operations = operations;
    }

    void run() {
        journal.entries().forEach(core::replay);
        core.states().values().stream()
                .filter(state -> state.holding().isPresent())
                .sorted(Comparator.comparing(state -> state.holding().orElseThrow(), Command.GUEST_ORDER))
                .forEach(this::restore);
    }

    private void restore(AttachmentState state) {
        Command held = state.holding().orElseThrow();
        Map<String, String> frozen = state.settled()
                .map(settled -> settled.outcome().resolvedValues())
                .orElse(Map.of());
        if (operations.restore(held, frozen, state instanceof AttachmentState.Attached)
                instanceof OperationResult.Failed failed) {
            LOGGER.atError()
                    .addKeyValue("attachment", held.id())
                    .addKeyValue("reason", failed.failure().reason())
                    .log("could not be rebuilt");
            forget(held, failed);
        }
    }

    /** What cannot be rebuilt is not attached, whatever was said before. */
    private void forget(Command held, OperationResult.Failed failed) {
        Outcome lost = new Outcome(
                held.id(),
                held.generation(),
                DeviceState.FAILED,
                Optional.of(failed.failure()),
                List.of(),
                Map.of(),
                0,
                List.of(),
                Optional.empty());
        JournalEntry fact = new JournalEntry.Settled(held, lost, held);
        journal.append(List.of(fact));
        core.replay(fact);
    }
}
