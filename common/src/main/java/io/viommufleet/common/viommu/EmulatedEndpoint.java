package io.viommufleet.common.viommu;

import java.util.Optional;

/**
 * An emulated PCI endpoint (virtio-net, a disk controller, …). It gets no decision; it matters only because an
 * accelerated SMMUv3 refuses every endpoint that is not a passthrough device.
 *
 * @param id its name in messages
 * @param bus the guest bus that it is on; unset is the root bus
 */
public record EmulatedEndpoint(String id, Optional<String> bus) {}
