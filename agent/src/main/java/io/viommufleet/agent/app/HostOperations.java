package io.viommufleet.agent.app;

import io.viommufleet.agent.core.Command;
import io.viommufleet.agent.core.Operation;
import io.viommufleet.agent.core.OperationResult;
import io.viommufleet.agent.vmm.AttachResult;
import io.viommufleet.agent.vmm.DetachResult;
import io.viommufleet.agent.vmm.HostRuntime;
import io.viommufleet.agent.vmm.LostDevice;
import io.viommufleet.agent.vmm.VmAttachRequest;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.TracePiece;
import io.viommufleet.common.viommu.Decision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Runs what the core asks for on the host of this boot. */
final class HostOperations {
    private final HostRuntime host;

    HostOperations(HostRuntime host) {
        this.host = host;
        host.beginTraces();
    }

    OperationResult run(Operation operation) {
        return switch (operation) {
            case Operation.Attach(Command command) ->
                attach(command.attachment(), Map.of(), guestOf(command.attachment()));
            case Operation.HandOver(Command command) ->
                new OperationResult.Succeeded(
                        List.of(),
                        Map.of(),
                        List.of(),
                        Optional.of(host.handOver(command.id().vm())));
            case Operation.TakeOver(Command command) ->
                OperationResult.attached(
                        List.of(),
                        Map.of(),
                        host.runGuest(command.id().vm(), command.attachment().guest()));
            case Operation.Detach(Command attached) -> detach(attached.id());
        };
    }

    /**
     * Attaches again, in a rebuilt host, what was attached before, with the values that were frozen then.
     *
     * @param guestRuns the device is still the guest's, so that the guest does again what it did
     */
    OperationResult restore(Command command, Map<String, String> frozen, boolean guestRuns) {
        return attach(command.attachment(), frozen, guestRuns ? guestOf(command.attachment()) : List.of());
    }

    /** The trace of an attachment's VMM up to the operation that has just ended. */
    List<TracePiece> trace(AttachmentId id, long generation) {
        return host.trace(id, generation);
    }

    /** Lets the host follow what changed on it; what VMs lost by it. */
    List<LostDevice> follow(HostInventory latest) {
        return host.follow(latest);
    }

    /** Lets these faults happen on the host from here on. */
    void disturb(List<HostFault> faults) {
        host.disturb(faults);
    }

    /** By how much the operations since the last time were slower than they took. */
    long takeDelayNanos() {
        return host.takeDelayNanos();
    }

    /** Devices that the host has lost in this boot. */
    Set<Bdf> lostDevices() {
        return host.lostDevices();
    }

    private OperationResult attach(Attachment attachment, Map<String, String> frozen, List<GuestStep> guest) {
        return switch (attachment
                .configuration()
                .decide(attachment.certificate().rulesVersion())) {
            case Decision.Refused refused ->
                new OperationResult.Failed(new AttachFailure(
                        AttachStep.VERIFY,
                        Optional.empty(),
                        Optional.empty(),
                        refused.errors().getFirst().message()));
            case Decision.Decided decided -> attach(request(attachment, decided, frozen), guest);
        };
    }

    /** What the guest does after an attach: nothing while it runs on another host. */
    private static List<GuestStep> guestOf(Attachment attachment) {
        return attachment.role() == Attachment.Role.TARGET ? List.of() : attachment.guest();
    }

    private static VmAttachRequest request(
            Attachment attachment, Decision.Decided decided, Map<String, String> frozen) {
        Map<String, String> resolved = new HashMap<>(attachment.resolvedValues());
        resolved.putAll(frozen);
        return new VmAttachRequest(
                attachment.id().vm(),
                attachment.id().device(),
                attachment.bdf(),
                attachment.memoryBytes(),
                attachment.strict(),
                decided,
                resolved);
    }

    private OperationResult attach(VmAttachRequest request, List<GuestStep> guest) {
        return switch (host.attach(request)) {
            case AttachResult.Attached attached ->
                OperationResult.attached(
                        attached.unmet(), attached.resolvedValues(), host.runGuest(request.vm(), guest));
            case AttachResult.Failed(AttachFailure why) -> new OperationResult.Failed(why);
        };
    }

    private OperationResult detach(AttachmentId id) {
        return switch (host.detach(id.vm(), id.device())) {
            case DetachResult.Detached() -> OperationResult.succeeded();
            case DetachResult.Failed(AttachFailure why) -> new OperationResult.Failed(why);
        };
    }
}
