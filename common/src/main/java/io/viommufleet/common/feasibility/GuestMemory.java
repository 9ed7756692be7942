package io.viommufleet.common.feasibility;

import io.viommufleet.common.viommu.RiscvIommu;
import io.viommufleet.common.viommu.VmConfiguration;
import java.util.ArrayList;
import java.util.List;

/** Where a guest's memory lies in its physical address space, as far as VFIO maps it. */
public final class GuestMemory {
    private static final long PAGE_BYTES = 4096;
    private static final long FOUR_GIB = 1L << 32;

    private GuestMemory() {}

    /**
     * One section.
     *
     * @param range guest physical addresses, which are IOVAs to the device
     * @param readOnly memory that the guest cannot write, such as its firmware
     */
    public record Section(AddressRange range, boolean readOnly) {}

    /** The sections of a VM in ascending order: RAM, split around the 32-bit hole on x86, and there the firmware. */
    public static List<Section> sections(VmConfiguration configuration, long memoryBytes) {
        long bytes = (memoryBytes + PAGE_BYTES - 1) & -PAGE_BYTES;
        String machine = configuration.machine().type();
        if (machine.startsWith("pc-q35")) {
            return x86(bytes, bytes >= 0xb0000000L ? 0x80000000L : 0xb0000000L);
        }
        if (machine.startsWith("pc")) {
            return x86(bytes, bytes >= 0xe0000000L ? 0xc0000000L : 0xe0000000L);
        }
        boolean riscv = configuration.viommus().stream().anyMatch(RiscvIommu.class::isInstance);
        long base = machine.startsWith("virt") ? (riscv ? 0x80000000L : 0x40000000L) : 0;
        return List.of(ram(base, bytes));
    }

    private static List<Section> x86(long bytes, long holeStart) {
        List<Section> sections = new ArrayList<>();
        sections.add(ram(0, Math.min(bytes, holeStart)));
        sections.add(new Section(new AddressRange(0xfffc0000L, FOUR_GIB - 1), true));
        if (bytes > holeStart) {
            sections.add(ram(FOUR_GIB, bytes - holeStart));
        }
        return sections;
    }

    private static Section ram(long start, long bytes) {
        return new Section(new AddressRange(start, start + bytes - 1), false);
    }
}
