package io.viommufleet.controller.placement;

import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.ReservedRegion;
import java.util.List;
import java.util.Optional;

/**
 * All of a host device that decides which guest devices it can serve, its address and its NUMA node apart. Devices of one kind
 * answer every VM alike, on whichever host they are.
 *
 * @param platform the host
 * @param vendor PCI vendor id
 * @param device PCI device id
 * @param deviceClass PCI class code
 * @param behind the IOMMU by its registers; its id is of no account
 * @param namesIommu whether the inventory names an IOMMU for it, known or not
 * @param grouped whether its iommu group is known
 * @param driver bound to it
 * @param assignable whether it may be unbound from its driver
 * @param foreign whether its group has a member that stays with the host
 * @param pasidBits width of its PASIDs
 * @param reservedRegions of its group
 * @param canReset whether a reset works
 * @param canMigrate whether its driver supports migration
 */
record DeviceKind(
        Platform platform,
        int vendor,
        int device,
        int deviceClass,
        Optional<HostIommu> behind,
        boolean namesIommu,
        boolean grouped,
        Optional<String> driver,
        boolean assignable,
        boolean foreign,
        int pasidBits,
        List<ReservedRegion> reservedRegions,
        Optional<Boolean> canReset,
        Optional<Boolean> canMigrate) {
    private static final String ANY = "";

    static DeviceKind of(Platform platform, HostInventory host, HostDevice device) {
        Optional<HostIommu> behind = device.iommu()
                .flatMap(id -> host.iommus().stream()
                        .filter(iommu -> iommu.id().equals(id))
                        .findFirst())
                .map(iommu -> new HostIommu(ANY, iommu.type(), iommu.registers()));
        return new DeviceKind(
                platform,
                device.vendor(),
                device.device(),
                device.deviceClass(),
                behind,
                device.iommu().isPresent(),
                device.group().isPresent(),
                device.driver(),
                host.assignable().contains(device.bdf()),
                foreignTo(host, device).isPresent(),
                device.pasidBits(),
                device.reservedRegions(),
                device.canReset(),
                device.canMigrate());
    }

    /**
     * A member of the device's group that can be given to nobody: it keeps the whole group with the host. A device without a
     * group has no such company, and the attach will say what it lacks.
     */
    static Optional<HostDevice> foreignTo(HostInventory host, HostDevice device) {
        return device.group().isEmpty()
                ? Optional.empty()
                : members(host, device).stream()
                        .filter(member -> !isAssignable(host, member))
                        .findFirst();
    }

    /** The device itself and what shares its group; bridges to PCI stay with the host whatever group they are in. */
    static List<HostDevice> members(HostInventory host, HostDevice device) {
        return device.group().isEmpty()
                ? List.of(device)
                : host.devices().stream()
                        .filter(other -> other.group().equals(device.group()) && !other.pciBridge())
                        .toList();
    }

    private static boolean isAssignable(HostInventory host, HostDevice member) {
        return member.boundToVfio()
                || member.driver().isEmpty()
                || host.assignable().contains(member.bdf());
    }
}
