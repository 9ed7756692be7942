package io.viommufleet.common.viommu;

import java.util.List;

/**
 * The proof of a decision: whoever has the canonical configuration can derive it again, and must get an equal one.
 *
 * @param rulesVersion the rules that decided
 * @param configDigest SHA-256, in lower-case hexadecimal, of all that the decision could depend on
 * @param devices what was decided for each device, in guest-topology order
 */
public record Certificate(RulesVersion rulesVersion, String configDigest, List<DeviceDecision> devices) {
    public Certificate {
        devices = List.copyOf(devices);
    }
}
