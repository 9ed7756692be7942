package io.viommufleet.agent.core;

import io.viommufleet.agent.core.AgentEvent.CaughtUp;
import io.viommufleet.agent.core.AgentEvent.InventoryRead;
import io.viommufleet.agent.core.AgentEvent.OperationCompleted;
import io.viommufleet.agent.core.AgentEvent.RecordRead;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Rejected;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Drives a core by hand and keeps what came out of it. */
final class CoreRun {
    final AgentIdentity agent;
    final AgentCore core;
    final List<JournalEntry> journal = new ArrayList<>();
    final List<FleetRecord> written = new ArrayList<>();
    final List<Operation> operations = new ArrayList<>();
    private long offset;
    private long nowNanos;

    CoreRun(AgentIdentity agent, List<JournalEntry> before) {
        this.agent = agent;
        core = new AgentCore(agent, 2_000_000_000L);
        before.forEach(core::replay);
        journal.addAll(before);
    }

    /** An agent with two devices that has read its log and is admitted. */
    static CoreRun admitted() {
        CoreRun run = new CoreRun(Records.AGENT, List.of());
        run.on(new InventoryRead(Records.inventory(4)));
        run.on(new CaughtUp());
        run.read(1, 1, new HostAdmission(Records.HOST, run.agent.boot(), run.agent.incarnation()));
        return run;
    }

    Step on(AgentEvent event) {
        nowNanos += 1_000_000;
        Step step = core.on(event, nowNanos);
        journal.addAll(step.journal());
        step.records().forEach(envelope -> written.add(envelope.value()));
        operations.addAll(step.operations());
        return step;
    }

    long now() {
        return nowNanos;
    }

    Step after(long nanos, AgentEvent event) {
        nowNanos += nanos;
        return on(event);
    }

    Step read(long epoch, long generation, FleetRecord value) {
        return on(new RecordRead(new LogPosition(0, offset++), Records.led(epoch, generation, value)));
    }

    /** Ends the operation that runs. */
    Step end(OperationResult result) {
        return on(new OperationCompleted(running().orElseThrow().id(), result));
    }

    /** Ends whatever runs with success until nothing does. */
    void settle() {
        while (running().isPresent()) {
            end(OperationResult.succeeded());
        }
    }

    Optional<Operation> running() {
        return operations.stream()
                .filter(operation -> {
                    AttachmentState state = core.states().get(operation.id());
                    return state != null && state.busy();
                })
                .reduce((earlier, later) -> later);
    }

    List<Outcome> outcomes() {
        return written.stream()
                .filter(Outcome.class::isInstance)
                .map(Outcome.class::cast)
                .toList();
    }

    List<Rejected> rejected() {
        return written.stream()
                .filter(Rejected.class::isInstance)
                .map(Rejected.class::cast)
                .toList();
    }

    Attachment attachment(String vm, int index, int devices) {
        return Records.attach(agent, vm, index, devices);
    }
}
