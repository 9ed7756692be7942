package io.viommufleet.agent.app;

import io.viommufleet.common.observe.Check;
import io.viommufleet.common.observe.Health;
import java.util.List;
import java.util.function.Supplier;

/** Live as long as the loop runs; ready when the log is known and this incarnation is admitted. */
final class AgentHealth implements Health {
    private final Supplier<AgentStatus> status;

    AgentHealth(Supplier<AgentStatus> status) {
        this.status = status;
    }

    @Override
    public List<Check> live() {
        return List.of(new Check(
                "loop", status.get().failure().isEmpty(), status.get().failure().orElse("runs")));
    }

    @Override
    public List<Check> ready() {
        AgentStatus now = status.get();
        return List.of(
                new Check(
                        "connected",
                        now.connected(),
                        now.connected() ? "the cell has a leader" : "no leader known yet"),
                caughtUp(now),
                new Check("admitted", now.admitted() && !now.fenced(), admission(now)),
                new Check("loop", now.failure().isEmpty(), now.failure().orElse("runs")));
    }

    @Override
    public List<Check> started() {
        return List.of(caughtUp(status.get()));
    }

    private static Check caughtUp(AgentStatus now) {
        return new Check("caught-up", now.caughtUp(), "%d records behind".formatted(now.lag()));
    }

    private static String admission(AgentStatus now) {
        if (now.fenced()) {
            return "another incarnation was admitted after this one: it acts on nothing more";
        }
        return now.admitted() ? "this incarnation is admitted" : "the leader has not admitted this incarnation yet";
    }
}
