package io.viommufleet.common.model;

/** Any value that a topic of the fleet can hold. One key is always one whole value. */
public sealed interface FleetRecord
        permits VirtualMachine,
                HostInventory,
                Outcome,
                Heartbeat,
                Placement,
                Attachment,
                HostState,
                HostAdmission,
                Leader,
                DecisionRecord,
                Rejected,
                TracePiece,
                Operation,
                OperationProgress,
                Policy,
                PolicyState,
                Breaker {

    /** The topic that this value belongs on. */
    FleetTopic topic();

    /** The Kafka key that this value is the whole of. */
    String key();
}
