package io.viommufleet.common.model;

import io.viommufleet.common.viommu.Certificate;
import io.viommufleet.common.viommu.ConfigurationError;
import io.viommufleet.common.viommu.Doom;
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
        Optional<Leg> target)
        implements FleetRecord {
    public Placement {
        errors = List.copyOf(errors);
        resolvedValues = Map.copyOf(resolvedValues);
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.PLACEMENTS;
    }

    @Override
    public String key() {
        return metadata.name();
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
     */
    public record Leg(String host, Map<String, Bdf> devices) {
        public Leg {
            devices = Map.copyOf(devices);
        }
    }
}
