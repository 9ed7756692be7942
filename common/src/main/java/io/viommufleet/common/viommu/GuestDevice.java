package io.viommufleet.common.viommu;

import java.util.Optional;

/**
 * A passthrough device as the guest sees it.
 *
 * @param id its alias or id, unique in the VM
 * @param kind pci, mdev or platform; declared, never looked up on a host
 * @param backend iommufd or legacy; declared, never looked up on a host
 * @param bus the guest bus that it is on; with neither bus nor slot it sits behind a root port of its own on the root
 *     bus, with a slot only on the root bus itself
 * @param slot where it is on that bus, if the configuration says
 */
public record GuestDevice(
        String id, DeviceKind kind, DeviceBackend backend, Optional<String> bus, Optional<GuestSlot> slot) {}
