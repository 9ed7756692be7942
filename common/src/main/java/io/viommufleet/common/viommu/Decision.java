package io.viommufleet.common.viommu;

import java.util.List;
import java.util.Optional;

/** What the rules say about a VM: refused, or decided. */
public sealed interface Decision {

    /**
     * Decides, from the configuration alone, which vIOMMU flags each passthrough device has.
     *
     * <p>A pure function: it never depends on a host, and the same arguments give an equal answer for ever.
     */
    static Decision decide(VmConfiguration configuration, RulesVersion rulesVersion) {
        return Decider.decide(configuration, Rules.of(rulesVersion));
    }

    /** The rules that decided. */
    RulesVersion rulesVersion();

    /** Why the configuration is refused; empty when it is valid. */
    List<ConfigurationError> errors();

    /** Whether the configuration is valid and its flags depend on no host. */
    default boolean valid() {
        return errors().isEmpty();
    }

    /** The configuration is invalid, or its flags would depend on a host: there is no decision. */
    record Refused(RulesVersion rulesVersion, List<ConfigurationError> errors) implements Decision {
        public Refused {
            errors = List.copyOf(errors);
            if (errors.isEmpty()) {
                throw new IllegalArgumentException("a refusal needs an error that says why");
            }
        }
    }

    /**
     * The configuration is valid.
     *
     * @param certificate the flags of every device, and the proof of them
     * @param doomed why no host at all can attach a device; such a VM has its flags all the same
     * @param hostRequirements what a host must offer beyond its IOMMU
     * @param hostResolved the properties that the first attach resolves and freezes
     * @param canonical the configuration with every default filled in, the machine alias resolved and everything in
     *     canonical order; deciding it again gives an equal decision
     */
    record Decided(
            Certificate certificate,
            List<Doom> doomed,
            List<HostRequirement> hostRequirements,
            List<HostResolvedProperty> hostResolved,
            VmConfiguration canonical)
            implements Decision {
        public Decided {
            doomed = List.copyOf(doomed);
            hostRequirements = List.copyOf(hostRequirements);
            hostResolved = List.copyOf(hostResolved);
        }

        @Override
        public RulesVersion rulesVersion() {
            return certificate.rulesVersion();
        }

        @Override
        public List<ConfigurationError> errors() {
            return List.of();
        }

        /** What was decided for each device, in guest-topology order. */
        public List<DeviceDecision> devices() {
            return certificate.devices();
        }

        /** What was decided for one device; empty if the VM has none with this id. */
        public Optional<DeviceDecision> device(String id) {
            for (DeviceDecision device : devices()) {
                if (device.id().equals(id)) {
                    return Optional.of(device);
                }
            }
            return Optional.empty();
        }
    }
}
