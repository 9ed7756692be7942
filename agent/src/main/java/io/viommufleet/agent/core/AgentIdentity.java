package io.viommufleet.agent.core;

import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.Names;

/**
 * Who an agent is for as long as it runs.
 *
 * @param host name of its host
 * @param cell the shard of the fleet that the host belongs to
 * @param boot this life of the host; kernel objects belong to it
 * @param incarnation this life of the agent, unique for ever
 */
public record AgentIdentity(String host, int cell, String boot, String incarnation) {
    public AgentIdentity {
        Names.requireHost(host);
    }

    /** Whether an admission lets this very agent act. */
    public boolean isAdmittedBy(HostAdmission admission) {
        return host.equals(admission.host())
                && boot.equals(admission.boot())
                && incarnation.equals(admission.incarnation());
    }

    /** Whether an admission declares the boot of this agent to be over. */
    boolean isFencedBy(HostAdmission admission) {
        return host.equals(admission.host())
                && boot.equals(admission.boot())
                && admission.incarnation().isEmpty();
    }

    /** Whether a command is for this very agent. */
    boolean isAddressedBy(Command command) {
        return boot.equals(command.attachment().boot())
                && incarnation.equals(command.attachment().incarnation());
    }
}
