package io.viommufleet.common.model;

import io.viommufleet.common.viommu.Certificate;
import io.viommufleet.common.viommu.ConfigurationError;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.Doom;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The truth about a VM.
 *
 * @param metadata of the admitted VM
 * @param spec as admitted, whole
 * @param observedRequest digest of the last request that the controller answered, admitted or not
 * @param refusedChange why that request did not change the admitted VM, where it did not
 * @param decision what was decided at admission; empty for a Refused VM
 * @param phase where the VM stands
 * @param reason of the phase, in words; may be empty for RUNNING
 * @param errors of a Refused VM
 * @param resolvedValues values that a host resolved at the first attach, by property path; frozen from then on
 * @param active where the VM is or is being placed
 * @param target where it is moving to
 * @param movement how it moves there; present exactly where {@code target} is
 * @param attempts to place it that failed since it was last running or asked for, the oldest first
 */
public record Placement(
        Metadata metadata,
        VmSpec spec,
        String observedRequest,
        Optional<String> refusedChange,
        Optional<Admission> decision,
        Phase phase,
        String reason,
        List<ConfigurationError> errors,
        Map<String, String> resolvedValues,
        Optional<Leg> active,
        Optional<Leg> target,
        Optional<Movement> movement,
        List<Attempt> attempts)
        implements FleetRecord {
    public Placement {
        errors = List.copyOf(errors);
        resolvedValues = Map.copyOf(resolvedValues);
        attempts = List.copyOf(attempts);
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.PLACEMENTS;
    }

    @Override
    public String key() {
        return metadata.name();
    }

    /** The VM's devices in guest-topology order, in which they attach; as written where it was not admitted. */
    public List<String> deviceOrder() {
        return decision.map(admission -> admission.certificate().devices().stream()
                        .map(DeviceDecision::id)
                        .toList())
                .orElseGet(() -> spec.configuration().devices().stream()
                        .map(GuestDevice::id)
                        .toList());
    }

    /** The same in another phase. */
    public Placement in(Phase next, String why) {
        return new Placement(
                metadata,
                spec,
                observedRequest,
                refusedChange,
                decision,
                next,
                why,
                errors,
                resolvedValues,
                active,
                target,
                movement,
                attempts);
    }

    /** The same on another leg, and not moving. */
    public Placement on(Optional<Leg> leg) {
        return new Placement(
                metadata,
                spec,
                observedRequest,
                refusedChange,
                decision,
                phase,
                reason,
                errors,
                resolvedValues,
                leg,
                Optional.empty(),
                Optional.empty(),
                attempts);
    }

    /** The same on its way to another leg. */
    public Placement moving(Leg to, Movement how) {
        return new Placement(
                metadata,
                spec,
                observedRequest,
                refusedChange,
                decision,
                phase,
                reason,
                errors,
                resolvedValues,
                active,
                Optional.of(to),
                Optional.of(how),
                attempts);
    }

    /** The same at another stage of its movement. */
    public Placement at(Stage stage) {
        Movement before = movement.orElseThrow();
        return moving(target.orElseThrow(), new Movement(before.operation(), before.mode(), stage));
    }

    /** The same after other attempts. */
    public Placement tried(List<Attempt> failed) {
        return new Placement(
                metadata,
                spec,
                observedRequest,
                refusedChange,
                decision,
                phase,
                reason,
                errors,
                resolvedValues,
                active,
                target,
                movement,
                failed);
    }

    /** The same with values that an attach resolved. */
    public Placement resolving(Map<String, String> values) {
        return new Placement(
                metadata,
                spec,
                observedRequest,
                refusedChange,
                decision,
                phase,
                reason,
                errors,
                values,
                active,
                target,
                movement,
                attempts);
    }

    /** The same after another request was answered, with the refusal of what it asked, if it was refused. */
    public Placement answering(String request, Optional<String> refusal) {
        return new Placement(
                metadata,
                spec,
                request,
                refusal,
                decision,
                phase,
                reason,
                errors,
                resolvedValues,
                active,
                target,
                movement,
                attempts);
    }

    /** The same with other surroundings, which decide nothing. */
    public Placement surroundedBy(Metadata other, VmSpec asked) {
        return new Placement(
                other,
                asked,
                observedRequest,
                refusedChange,
                decision,
                phase,
                reason,
                errors,
                resolvedValues,
                active,
                target,
                movement,
                attempts);
    }

    /**
     * The decision that a VM was admitted with; pinned for its life.
     *
     * @param configuration canonical
     * @param certificate flags by device, rules version and digest
     * @param doomed devices that no host can attach, with the rule
     */
    public record Admission(ConfigurationSpec configuration, Certificate certificate, List<Doom> doomed) {
        public Admission {
            doomed = List.copyOf(doomed);
        }
    }

    /**
     * The VM on one host.
     *
     * @param host where
     * @param devices host device by guest device id
     * @param memoryByNode bytes of guest RAM that are pinned on each NUMA node; empty where the host does not tell its nodes
     */
    public record Leg(String host, Map<String, Bdf> devices, Map<Integer, Long> memoryByNode) {
        public Leg {
            devices = Map.copyOf(devices);
            memoryByNode = Map.copyOf(memoryByNode);
        }

        /** On a host that does not tell its NUMA nodes. */
        public Leg(String host, Map<String, Bdf> devices) {
            this(host, devices, Map.of());
        }
    }

    /**
     * How a VM moves from its active leg to its target.
     *
     * @param operation that moves it
     * @param mode live or cold
     * @param stage how far it is
     */
    public record Movement(String operation, Action.MigrationMode mode, Stage stage) {}

    /** How far a movement is. A live one prepares, then switches; a cold one stops, then starts. */
    public enum Stage {
        /** Live: the target attaches its devices while the guest runs on the source. */
        PREPARING,
        /** Live: the source tracks dirty pages and hands the guest over. */
        SWITCHING,
        /** Cold: the source detaches. */
        STOPPING,
        /** Cold: the target attaches; should it fail, the source attaches again. */
        STARTING,
        /** The target is given up; its devices are detached. */
        ROLLING_BACK
    }

    /**
     * A placement that failed.
     *
     * @param host where
     * @param kind whose fault it was
     * @param reason in words
     */
    public record Attempt(String host, FailureKind kind, String reason) {}

    /** Whose fault a failed attach was, which says whether and where it is worth trying again. */
    public enum FailureKind {
        /** This host and this configuration do not go together; the same host would say the same again. */
        CONFIGURATION,
        /** Something ran short or was busy for the moment. */
        TRANSIENT,
        /** The device or what it hangs on. */
        DEVICE
    }
}
