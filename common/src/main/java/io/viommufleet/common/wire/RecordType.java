package io.viommufleet.common.wire;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Breaker;
import io.viommufleet.common.model.DecisionRecord;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.PolicyState;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.model.TracePiece;
import io.viommufleet.common.model.VirtualMachine;
import java.util.Arrays;
import java.util.Optional;

/** The record types by the name that the envelope carries. A name and its meaning never change. */
enum RecordType {
    VM("vm", VirtualMachine.class),
    HOST("host", HostInventory.class),
    OUTCOME("outcome", Outcome.class),
    HEARTBEAT("heartbeat", Heartbeat.class),
    PLACEMENT("placement", Placement.class),
    ATTACHMENT("attachment", Attachment.class),
    HOST_STATE("hoststate", HostState.class),
    ADMISSION("admission", HostAdmission.class),
    LEADER("leader", Leader.class),
    DECISION("decision", DecisionRecord.class),
    REJECTED("rejected", Rejected.class),
    TRACE("trace", TracePiece.class),
    OPERATION("operation", Operation.class),
    PROGRESS("progress", OperationProgress.class),
    POLICY("policy", Policy.class),
    POLICY_STATE("policystate", PolicyState.class),
    BREAKER("breaker", Breaker.class);

    private final String text;
    private final Class<? extends FleetRecord> recordClass;

    RecordType(String text, Class<? extends FleetRecord> recordClass) {
        this.text = text;
        this.recordClass = recordClass;
    }

    static Optional<RecordType> named(String text) {
        return Arrays.stream(values()).filter(type -> type.text.equals(text)).findFirst();
    }

    static RecordType of(FleetRecord value) {
        return switch (value) {
            case VirtualMachine vm -> VM;
            case HostInventory host -> HOST;
            case Outcome outcome -> OUTCOME;
            case Heartbeat heartbeat -> HEARTBEAT;
            case Placement placement -> PLACEMENT;
            case Attachment attachment -> ATTACHMENT;
            case HostState state -> HOST_STATE;
            case HostAdmission admission -> ADMISSION;
            case Leader leader -> LEADER;
            case DecisionRecord decision -> DECISION;
            case Rejected rejected -> REJECTED;
            case TracePiece piece -> TRACE;
            case Operation operation -> OPERATION;
            case OperationProgress progress -> PROGRESS;
            case Policy policy -> POLICY;
            case PolicyState state -> POLICY_STATE;
            case Breaker breaker -> BREAKER;
        };
    }

    Class<? extends FleetRecord> recordClass() {
        return recordClass;
    }

    /** The name in the envelope. */
    @Override
    public String toString() {
        return text;
    }
}
