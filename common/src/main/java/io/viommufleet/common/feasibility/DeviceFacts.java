package io.viommufleet.common.feasibility;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.ReservedRegion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A device of a host with all that an attach asks about it, decoded from the inventory.
 *
 * @param host its host
 * @param device the device
 * @param kernel of the host
 * @param registers of its IOMMU; {@link NoIommu} without one
 */
public record DeviceFacts(HostInventory host, HostDevice device, KernelSetup kernel, IommuRegisters registers) {
    private static final String INTEL_OPTION = "intel_iommu=";
    private static final long MSI_FIRST = 0xfee00000L;
    private static final long MSI_LAST = 0xfeefffffL;
    private static final long HYPERTRANSPORT_FIRST = 0xfd00000000L;
    private static final long HYPERTRANSPORT_LAST = 0xffffffffffL;
    private static final long SOFTWARE_MSI_FIRST = 0x8000000L;
    private static final long SOFTWARE_MSI_LAST = 0x80fffffL;

    /** What {@link #find} found. */
    public sealed interface Lookup {
        /** The device, with everything known that must be. */
        record Found(DeviceFacts facts) implements Lookup {}

        /**
         * The device cannot be used.
         *
         * @param reason what is missing or unknown
         */
        record Missing(String reason) implements Lookup {}
    }

    /** Looks a device up. */
    public static Lookup find(HostInventory host, Bdf bdf) {
        String name = host.metadata().name();
        Optional<HostDevice> device = host.device(bdf);
        Optional<KernelSetup> kernel = kernelOf(host);
        if (device.isEmpty()) {
            return absent(host, bdf);
        }
        if (kernel.isEmpty()) {
            return new Lookup.Missing("kernel version of host %s is unknown: '%s'".formatted(name, host.kernel()));
        }
        return switch (registersOf(host, device.get())) {
            case RegisterReading.Unknown(String reason) -> new Lookup.Missing(reason);
            case RegisterReading.Known(IommuRegisters registers) ->
                new Lookup.Found(new DeviceFacts(host, device.get(), kernel.get(), registers));
        };
    }

    /** What {@link #find} says of a device that is not in the inventory. */
    public static Lookup.Missing absent(HostInventory host, Bdf bdf) {
        return new Lookup.Missing(
                "host %s has no device %s".formatted(host.metadata().name(), bdf));
    }

    /** How the kernel of a host was started; empty when its version cannot be read. What the inventory does not say is off. */
    public static Optional<KernelSetup> kernelOf(HostInventory host) {
        boolean scalable = host.kernelOptions().stream()
                .filter(option -> option.startsWith(INTEL_OPTION))
                .flatMap(option ->
                        List.of(option.substring(INTEL_OPTION.length()).split(",")).stream())
                .filter(word -> word.equals("sm_on") || word.equals("sm_off"))
                .reduce((earlier, later) -> later)
                .filter("sm_on"::equals)
                .isPresent();
        return KernelVersion.parse(host.kernel())
                .map(version -> new KernelSetup(
                        version, scalable, host.interruptRemapping().orElse(false), host.allowUnsafeInterrupts()));
    }

    /** Whether user space can open the device through VFIO: bound to vfio-pci, or may be. */
    public boolean opens() {
        return usable(device);
    }

    /** The first member of the device's group that the kernel itself uses; empty when user space can have the group. */
    public Optional<HostDevice> kernelUser() {
        return device.group().isEmpty()
                ? Optional.empty()
                : host.devices().stream()
                        .filter(member -> member.group().equals(device.group()))
                        .filter(member -> !member.pciBridge() && member.driver().isPresent() && !usable(member))
                        .findFirst();
    }

    /** Regions that the device may not use: its own and those that its IOMMU's driver reserves for every device. */
    public List<ReservedRegion> reservedRegions() {
        List<ReservedRegion> regions = new ArrayList<>();
        device.reservedRegions().forEach(region -> regions.add(named(region)));
        for (ReservedRegion region : driverRegions()) {
            boolean listed =
                    regions.stream().anyMatch(own -> own.start() == region.start() && own.last() == region.last());
            if (!listed) {
                regions.add(region);
            }
        }
        return regions;
    }

    /** sysfs calls the window that software chooses for MSIs "msi", as it calls one that hardware fixes; its place tells. */
    private static ReservedRegion named(ReservedRegion region) {
        boolean chosen = region.type().equals("msi")
                && region.start() == SOFTWARE_MSI_FIRST
                && region.last() == SOFTWARE_MSI_LAST;
        return chosen ? new ReservedRegion(region.start(), region.last(), "msi-software") : region;
    }

    /** Whether firmware insists on one-to-one mappings, so that user space may not own the device. */
    public boolean directMappingsRequired() {
        return device.reservedRegions().stream()
                .anyMatch(region -> region.type().equals("direct"));
    }

    /** What the driver of the device's IOMMU can do. */
    public IommuCapabilities capabilities() {
        return IommuCapabilities.of(registers, kernel);
    }

    /** What GET_HW_INFO tells of the IOMMU; empty where the driver tells nothing, as AMD's before 7.0. */
    public Optional<IommuRegisters> information() {
        return switch (registers) {
            case VtdRegisters _, SmmuV3Registers _ -> Optional.of(registers);
            case AmdRegisters _ -> kernel.version().amdNests() ? Optional.of(registers) : Optional.empty();
            case VirtioIommuProperties _, NoIommu _ -> Optional.empty();
        };
    }

    /** Width of the PASIDs that device and IOMMU can use together, as GET_HW_INFO tells it; 0 without. */
    public int maxPasidLog2() {
        return Math.min(device.pasidBits(), capabilities().maxPasidLog2());
    }

    private boolean usable(HostDevice member) {
        return member.boundToVfio() || host.assignable().contains(member.bdf());
    }

    private List<ReservedRegion> driverRegions() {
        return switch (registers) {
            case VtdRegisters _ -> List.of(new ReservedRegion(MSI_FIRST, MSI_LAST, "msi"));
            case AmdRegisters amd
            when !amd.ignoresHyperTransportRange() ->
                List.of(
                        new ReservedRegion(MSI_FIRST, MSI_LAST, "msi"),
                        new ReservedRegion(HYPERTRANSPORT_FIRST, HYPERTRANSPORT_LAST, "reserved"));
            case AmdRegisters _ -> List.of(new ReservedRegion(MSI_FIRST, MSI_LAST, "msi"));
            case SmmuV3Registers _, VirtioIommuProperties _ ->
                device.reservedRegions().stream()
                                .anyMatch(region -> region.type().startsWith("msi"))
                        ? List.of()
                        : List.of(new ReservedRegion(SOFTWARE_MSI_FIRST, SOFTWARE_MSI_LAST, "msi-software"));
            case NoIommu _ -> List.of();
        };
    }

    private static RegisterReading registersOf(HostInventory host, HostDevice device) {
        if (device.iommu().isEmpty()) {
            return device.group().isEmpty()
                    ? new RegisterReading.Known(new NoIommu())
                    : new RegisterReading.Unknown("%s is in iommu group %d, but of no IOMMU that is known"
                            .formatted(device.bdf(), device.group().get()));
        }
        Optional<HostIommu> iommu = host.iommus().stream()
                .filter(candidate -> candidate.id().equals(device.iommu().get()))
                .findFirst();
        if (iommu.isEmpty()) {
            return new RegisterReading.Unknown("IOMMU %s of %s is not in the inventory"
                    .formatted(device.iommu().get(), device.bdf()));
        }
        return device.group().isEmpty()
                ? new RegisterReading.Unknown("iommu group of %s is unknown".formatted(device.bdf()))
                : RegisterReading.read(iommu.get());
    }
}
