package io.viommufleet.agent.core;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.viommu.Certificate;
import io.viommufleet.common.viommu.ConfigurationError;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.Optional;

/** Whether a command can be believed before the host is touched: step VERIFY of an attach. */
sealed interface Verification {
    /** It can. */
    record Sound() implements Verification {}

    /** The certificate does not follow from the configuration: two parties decided differently. Must never happen. */
    record Drift(String reason) implements Verification {}

    /** This host cannot serve it. */
    record Unservable(String reason) implements Verification {
        /** The host device is another attachment's. */
        static AttachFailure inUse(AttachmentId holder) {
            return refusal("the host device is held by " + holder);
        }
    }

    /** The failure to answer with; empty when sound. */
    default Optional<AttachFailure> failure() {
        return switch (this) {
            case Sound() -> Optional.empty();
            case Drift(String reason) -> Optional.of(refusal(reason));
            case Unservable(String reason) -> Optional.of(refusal(reason));
        };
    }

    /** Derives the certificate of a command again and looks for its host device. */
    static Verification of(Attachment attachment, HostInventory inventory) {
        String rules = attachment.certificate().rulesVersion().toString();
        if (!inventory.rulesVersions().contains(rules)) {
            return new Unservable("rules version %s is unknown to this agent; it knows %s"
                    .formatted(rules, String.join(", ", inventory.rulesVersions())));
        }
        Optional<String> drift = drift(attachment);
        if (drift.isPresent()) {
            return new Drift(drift.get());
        }
        boolean present =
                inventory.devices().stream().anyMatch(device -> device.bdf().equals(attachment.bdf()));
        return present
                ? new Sound()
                : new Unservable("host %s has no device at %s"
                        .formatted(inventory.metadata().name(), attachment.bdf()));
    }

    private static Optional<String> drift(Attachment attachment) {
        RulesVersion rulesVersion = attachment.certificate().rulesVersion();
        return switch (attachment.configuration().decide(rulesVersion)) {
            case Decision.Refused refused ->
                Optional.of("the certificate's configuration is refused by rules version %s: %s"
                        .formatted(rulesVersion, firstOf(refused)));
            case Decision.Decided decided -> difference(attachment, decided.certificate());
        };
    }

    private static Optional<String> difference(Attachment attachment, Certificate derived) {
        Certificate given = attachment.certificate();
        if (!given.configDigest().equals(derived.configDigest())) {
            return Optional.of("the certificate's digest is %s and its configuration gives %s"
                    .formatted(given.configDigest(), derived.configDigest()));
        }
        if (!given.equals(derived)) {
            return Optional.of("the certificate says %s and its configuration gives %s"
                    .formatted(given.devices(), derived.devices()));
        }
        boolean named = derived.devices().stream()
                .anyMatch(device -> device.id().equals(attachment.id().device()));
        return named
                ? Optional.empty()
                : Optional.of("the certificate has no device '%s'"
                        .formatted(attachment.id().device()));
    }

    private static String firstOf(Decision.Refused refused) {
        ConfigurationError first = refused.errors().getFirst();
        return first.property() + ": " + first.message();
    }

    private static AttachFailure refusal(String reason) {
        return new AttachFailure(AttachStep.VERIFY, Optional.empty(), Optional.empty(), reason);
    }
}
