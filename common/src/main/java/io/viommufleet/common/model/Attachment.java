package io.viommufleet.common.model;

import io.viommufleet.common.viommu.Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command: how one device of one VM on one host shall be. Detaching is such a whole record too; a tombstone means nothing.
 *
 * @param id host, VM and guest device
 * @param desired attached or detached
 * @param boot the life of the host that this is for
 * @param incarnation the life of the agent that may act on it
 * @param bdf the host device
 * @param memoryBytes guest RAM to map
 * @param strict wants that QEMU would let go unmet make the attach fail
 * @param configuration canonical, of the whole VM, from which the agent derives the certificate again
 * @param certificate what the controller decided
 * @param resolvedValues values that the first attach froze, by property path; empty before it
 * @param guest the VM's script, run once the last of its devices is attached
 * @param role of the host in the life of the VM
 * @param leaseMillis how long the host may keep the VM after the last heartbeat that the log took; when that has run out, the
 *     host is reset. Empty for a VM that waits for its host, however long that takes
 */
public record Attachment(
        AttachmentId id,
        Desired desired,
        String boot,
        String incarnation,
        Bdf bdf,
        long memoryBytes,
        boolean strict,
        ConfigurationSpec configuration,
        Certificate certificate,
        Map<String, String> resolvedValues,
        List<GuestStep> guest,
        Role role,
        Optional<Long> leaseMillis)
        implements FleetRecord {
    public Attachment {
        resolvedValues = Map.copyOf(resolvedValues);
        guest = List.copyOf(guest);
        leaseMillis.filter(lease -> lease <= 0).ifPresent(lease -> {
            throw new IllegalArgumentException("the lease is %d ms; it must be positive".formatted(lease));
        });
    }

    /** The command to give back what this one attached, to another life of the host's agent. */
    public Attachment detached(String toBoot, String toIncarnation) {
        return new Attachment(
                id,
                Desired.DETACHED,
                toBoot,
                toIncarnation,
                bdf,
                memoryBytes,
                strict,
                configuration,
                certificate,
                resolvedValues,
                guest,
                Role.ACTIVE,
                leaseMillis);
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.ATTACHMENTS;
    }

    @Override
    public String key() {
        return id.toString();
    }

    /** What the host is for the VM. */
    public enum Role {
        /** The guest runs here. */
        ACTIVE,
        /** The guest runs here and is being handed over to another host: dirty pages are tracked. */
        SOURCE,
        /** The guest will be taken over from another host: it does not run here yet. */
        TARGET
    }

    /** The two states that can be asked for. */
    public enum Desired {
        ATTACHED,
        DETACHED
    }
}
