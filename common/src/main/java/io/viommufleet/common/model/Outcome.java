package io.viommufleet.common.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What became of an attachment, as its agent saw it.
 *
 * @param id host, VM and guest device
 * @param attachmentGeneration the generation of the command that this answers
 * @param state of the device now
 * @param failure set exactly when {@code state} is FAILED or QUARANTINED
 * @param unmet wants that the host let go, by flag name; the attach succeeded without them
 * @param resolvedValues values frozen by this attach, by property path
 * @param durationNanos how long the attach or detach took on the host's monotonic clock
 * @param guest what the guest's steps led to, where this attach completed the VM
 * @param migration what the source made of handing the guest over, where it was told to
 */
public record Outcome(
        AttachmentId id,
        long attachmentGeneration,
        DeviceState state,
        Optional<AttachFailure> failure,
        List<String> unmet,
        Map<String, String> resolvedValues,
        long durationNanos,
        List<GuestReport> guest,
        Optional<MigrationReport> migration)
        implements FleetRecord {
    public Outcome {
        unmet = List.copyOf(unmet);
        resolvedValues = Map.copyOf(resolvedValues);
        guest = List.copyOf(guest);
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.OUTCOMES;
    }

    @Override
    public String key() {
        return id.toString();
    }
}
