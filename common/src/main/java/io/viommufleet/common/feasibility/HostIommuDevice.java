package io.viommufleet.common.feasibility;

import io.viommufleet.common.viommu.DeviceBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What QEMU knows of an attached host device when it hands it to the vIOMMU (QEMU HostIOMMUDevice).
 *
 * @param backend through which it was attached
 * @param information registers that GET_HW_INFO returned; empty for type NONE and with the legacy backend
 * @param usableRanges IOVAs that the device can use, ascending; empty when the host did not tell
 * @param pageSizeMask one bit per page size
 * @param maxPasidLog2 width of the device's PASIDs; 0 without
 */
public record HostIommuDevice(
        DeviceBackend backend,
        Optional<IommuRegisters> information,
        List<AddressRange> usableRanges,
        long pageSizeMask,
        int maxPasidLog2) {
    private static final int UNKNOWN_WIDTH = 64;

    /** Keeps a copy. */
    public HostIommuDevice {
        usableRanges = List.copyOf(usableRanges);
    }

    /** Width of the host's addresses: top bit of the last usable range plus one, 64 when no range is known (QEMU get_cap AW_BITS). */
    public int addressWidthBits() {
        return usableRanges.isEmpty()
                ? UNKNOWN_WIDTH
                : Long.SIZE - Long.numberOfLeadingZeros(usableRanges.getLast().last());
    }

    /** What is left of the 64-bit space between the usable ranges; empty when none is known. */
    public List<AddressRange> reservedRanges() {
        List<AddressRange> reserved = new ArrayList<>();
        long next = 0;
        for (AddressRange usable : usableRanges) {
            if (usable.first() != next) {
                reserved.add(new AddressRange(next, usable.first() - 1));
            }
            next = usable.last() + 1;
        }
        if (!usableRanges.isEmpty() && usableRanges.getLast().last() != -1L) {
            reserved.add(new AddressRange(next, -1L));
        }
        return reserved;
    }

    /** The type of {@link #information()} by its name, for messages. */
    public String informationType() {
        return information.map(IommuRegisters::type).orElse("none");
    }
}
