package io.viommufleet.common.feasibility;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.Bdf;
import java.util.List;
import java.util.Optional;

/** How failures of the attach path are told, whether they were predicted or happened. */
public final class AttachWords {
    private AttachWords() {}

    /** A vIOMMU refused. */
    public static AttachFailure refused(AttachStep step, HostCheckResult.Refused refused) {
        return new AttachFailure(step, Optional.empty(), Optional.empty(), refused.message());
    }

    /** The VM is strict and a want would go unmet. */
    public static AttachFailure strict(List<String> unmet, Bdf bdf) {
        return new AttachFailure(
                AttachStep.HWPT_ALLOC,
                Optional.empty(),
                Optional.empty(),
                "the VM is strict and %s cannot have %s".formatted(bdf, String.join(", ", unmet)));
    }

    /** A section of guest memory does not fit. */
    public static String cannotMap(GuestMemory.Section section, List<AddressRange> usable) {
        return "guest memory %s%s cannot be mapped; usable are %s"
                .formatted(section.range(), section.readOnly() ? " (read-only)" : "", usable);
    }

    static String words(String reason) {
        return reason.isEmpty() ? "the kernel refused" : reason;
    }
}
