package io.viommufleet.agent.app;

import io.viommufleet.agent.core.AgentCore;
import io.viommufleet.common.model.DeviceState;
import java.util.Map;
import java.util.Optional;

/**
 * What the loop last knew of itself, for the threads that serve metrics and health.
 *
 * @param connected the topics are there and a leader has said how the log is laid out
 * @param caughtUp everything that was on the log at the start has been read
 * @param admitted the leader admits this incarnation
 * @param fenced it admitted another one after it
 * @param attachments by state
 * @param lag records not read yet
 * @param failure what ended the loop, if something did
 */
public record AgentStatus(
        boolean connected,
        boolean caughtUp,
        boolean admitted,
        boolean fenced,
        Map<DeviceState, Integer> attachments,
        long lag,
        Optional<String> failure) {
    /** Before the first step. */
    static final AgentStatus STARTING = new AgentStatus(false, false, false, false, Map.of(), 0, Optional.empty());

    public AgentStatus {
        attachments = Map.copyOf(attachments);
    }

    static AgentStatus of(AgentCore core, boolean connected, long lag) {
        return new AgentStatus(
                connected, core.caughtUp(), core.admitted(), core.fenced(), core.counts(), lag, Optional.empty());
    }

    AgentStatus failedWith(String message) {
        return new AgentStatus(connected, caughtUp, admitted, fenced, attachments, lag, Optional.of(message));
    }
}
