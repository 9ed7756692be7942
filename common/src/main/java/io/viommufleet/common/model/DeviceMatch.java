package io.viommufleet.common.model;

import java.util.Optional;

/**
 * Which host devices may serve a guest device. Empty fields match anything.
 *
 * @param vendor PCI vendor id, 16 bits
 * @param device PCI device id, 16 bits
 * @param deviceClass PCI class code, 24 bits (base class, subclass, programming interface)
 * @param bdf one address on the host
 */
public record DeviceMatch(
        Optional<Integer> vendor, Optional<Integer> device, Optional<Integer> deviceClass, Optional<Bdf> bdf) {
    /** Whether a host device fits. */
    public boolean accepts(HostDevice candidate) {
        return vendor.stream().allMatch(v -> v == candidate.vendor())
                && device.stream().allMatch(d -> d == candidate.device())
                && deviceClass.stream().allMatch(c -> c == candidate.deviceClass())
                && bdf.stream().allMatch(b -> b.equals(candidate.bdf()));
    }
}
