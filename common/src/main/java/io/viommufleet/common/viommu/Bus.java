package io.viommufleet.common.viommu;

import java.util.Optional;

/**
 * A PCI bus of the guest below the implicit root bus ({@code pcie.0}; {@code pci.0} on machines without PCI Express).
 *
 * @param id the name by which devices, other buses and a vIOMMU's {@code primary-bus} refer to it
 * @param type the device that makes the bus
 * @param parent the bus which that device is on; unset is the root bus
 * @param bypassIommu QEMU's {@code bypass_iommu}, on expanders only; unset is off
 * @param slot where that device is on its parent, if the configuration says
 */
public record Bus(
        String id, BusType type, Optional<String> parent, Optional<Boolean> bypassIommu, Optional<GuestSlot> slot) {}
