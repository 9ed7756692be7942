package io.viommufleet.agent.core;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.viommu.DeviceDecision;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;

/**
 * What the leader asks for, with what orders it.
 *
 * @param attachment the whole of it
 * @param generation under its key; one generation has one answer
 * @param epoch of the leader that wrote it
 */
public record Command(Attachment attachment, long generation, long epoch) {
    /** Each VM's devices in guest-topology order, in which QEMU realizes them. */
    public static final Comparator<Command> GUEST_ORDER = Comparator.comparing(
                    (Command command) -> command.id().vm())
            .thenComparingInt(Command::guestOrder)
            .thenComparing(Command::id);

    /** Which attachment it is about. */
    public AttachmentId id() {
        return attachment.id();
    }

    boolean wantsAttached() {
        return attachment.desired() == Attachment.Desired.ATTACHED;
    }

    /** Whether it may be acted upon: nothing with a lease is attached while that lease does not run. */
    boolean mayBegin(LongPredicate leaseRuns) {
        return !wantsAttached()
                || attachment
                        .leaseMillis()
                        .filter(lease -> !leaseRuns.test(lease))
                        .isEmpty();
    }

    /** Whether an answer to the other is an answer to this. */
    boolean asks(Command other) {
        return generation == other.generation
                && attachment.desired() == other.attachment.desired()
                && attachment.role() == other.attachment.role()
                && sameArrangement(other);
    }

    /** Whether both want the same host device for the same decision, so that one attach serves both, in whatever role. */
    boolean sameArrangement(Command other) {
        return attachment.bdf().equals(other.attachment.bdf())
                && attachment.memoryBytes() == other.attachment.memoryBytes()
                && attachment.strict() == other.attachment.strict()
                && attachment.certificate().equals(other.attachment.certificate());
    }

    /** Whether the host has this part in the life of the VM. */
    boolean isFor(Attachment.Role role) {
        return attachment.role() == role;
    }

    /** Place of the guest device in guest-topology order; last when the certificate does not know it. */
    int guestOrder() {
        List<DeviceDecision> devices = attachment.certificate().devices();
        return IntStream.range(0, devices.size())
                .filter(index -> devices.get(index).id().equals(id().device()))
                .findFirst()
                .orElse(Integer.MAX_VALUE);
    }

    /** An answer without failure, unmet wants or values. */
    Outcome answer(DeviceState state, long durationNanos) {
        return new Outcome(
                id(),
                generation,
                state,
                Optional.empty(),
                List.of(),
                Map.of(),
                durationNanos,
                List.of(),
                Optional.empty());
    }
}
