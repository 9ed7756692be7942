package io.viommufleet.common.feasibility;

import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * What a host can do for its VMs, in words by name: of each IOMMU what its registers and the kernel make of it, of each
 * device whether it is there, may be assigned and what it can issue. Two boots that can do the same have equal maps.
 */
public final class HostCapabilities {
    private static final String UNKNOWN = "unknown";

    private final HostInventory host;
    private final SortedMap<String, String> values = new TreeMap<>();

    private HostCapabilities(HostInventory host) {
        this.host = host;
    }

    /** The capabilities that an inventory shows. What it does not show is {@code unknown}. */
    public static SortedMap<String, String> of(HostInventory host) {
        return new HostCapabilities(host).derive();
    }

    private SortedMap<String, String> derive() {
        values.put(
                "interrupt remapping",
                host.interruptRemapping().map(on -> on ? "on" : "off").orElse(UNKNOWN));
        host.iommus().forEach(this::iommu);
        host.devices().stream().filter(device -> !device.bridge()).forEach(this::device);
        return values;
    }

    private void iommu(HostIommu iommu) {
        String name = "iommu " + iommu.id();
        values.put(name, iommu.type().id());
        switch (RegisterReading.read(iommu)) {
            case RegisterReading.Unknown(String reason) -> values.put(name + " registers", reason);
            case RegisterReading.Known(IommuRegisters registers) ->
                DeviceFacts.kernelOf(host)
                        .map(kernel -> IommuCapabilities.of(registers, kernel))
                        .ifPresent(capabilities -> iommu(name + " ", registers, capabilities));
        }
    }

    private void iommu(String name, IommuRegisters registers, IommuCapabilities can) {
        put(name + "nesting", can.nesting());
        put(name + "dirty tracking", can.dirtyTracking());
        put(name + "VFIO bind", can.binding());
        put(name + "enforced coherency", can.enforcedCoherency());
        if (can.pasid().available()) {
            values.put(name + "PASID", can.maxPasidLog2() + " bits");
        } else {
            put(name + "PASID", can.pasid());
        }
        values.put(name + "address width", width(can.plainAperture()));
        values.put(name + "nesting parent's address width", width(can.parentAperture()));
        values.put(name + "page sizes", pageSizes(can.pageSizes()));
        if (registers instanceof SmmuV3Registers smmu) {
            values.put(name + "granules", granules(smmu));
        }
    }

    private void device(HostDevice device) {
        String name = "device " + device.bdf();
        boolean assignable = device.boundToVfio() || host.assignable().contains(device.bdf());
        values.put(name, "%04x:%04x".formatted(device.vendor(), device.device()));
        values.put(name + " IOMMU", device.iommu().orElse("none"));
        values.put(name + " PASID", device.pasidBits() == 0 ? "none" : device.pasidBits() + " bits");
        values.put(
                name + " assignable",
                assignable ? "yes" : "no, its driver is " + device.driver().orElse("none"));
        values.put(
                name + " reserved",
                device.reservedRegions().isEmpty()
                        ? "nothing"
                        : device.reservedRegions().stream()
                                .map(region -> "%#x-%#x %s".formatted(region.start(), region.last(), region.type()))
                                .sorted()
                                .collect(Collectors.joining(", ")));
    }

    private void put(String name, Capability capability) {
        values.put(name, capability.whyNot().map("no: "::concat).orElse("yes"));
    }

    private static String width(AddressRange range) {
        boolean fromZero = range.first() == 0 && (range.last() & (range.last() + 1)) == 0;
        return fromZero ? Long.SIZE - Long.numberOfLeadingZeros(range.last()) + " bits" : range.toString();
    }

    /** As sizes while they are few; AMD's tables have one for every power of two. */
    private static String pageSizes(long bits) {
        return Long.bitCount(bits) > 8
                ? "%#x".formatted(bits)
                : LongStream.range(0, Long.SIZE)
                        .filter(bit -> (bits >>> bit & 1) != 0)
                        .mapToObj(HostCapabilities::size)
                        .collect(Collectors.joining(", "));
    }

    private static String size(long bit) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        return (1L << bit % 10) + " " + units[(int) bit / 10];
    }

    private static String granules(SmmuV3Registers smmu) {
        return Map.of(4, smmu.granule4KiB(), 16, smmu.granule16KiB(), 64, smmu.granule64KiB()).entrySet().stream()
                .filter(Map.Entry::getValue)
                .map(Map.Entry::getKey)
                .sorted()
                .map(kibibytes -> kibibytes + " KiB")
                .collect(Collectors.joining(", "));
    }
}
