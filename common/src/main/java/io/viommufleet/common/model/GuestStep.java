package io.viommufleet.common.model;

import java.util.Optional;

/**
 * One thing that a guest does with its vIOMMUs once all devices of its VM are attached. A VM's script is a list of them; it decides nothing about flags
 * or placement. A PASID of 0 is the device itself (QEMU IOMMU_NO_PASID).
 */
public sealed interface GuestStep {
    /** The device that it is about; empty when it is about the whole VM. */
    default Optional<String> about() {
        return switch (this) {
            case Boot _, EnableViommu _, DisableViommu _, Reset _ -> Optional.empty();
            case Map map -> Optional.of(map.device());
            case Unmap unmap -> Optional.of(unmap.device());
            case Bypass bypass -> Optional.of(bypass.device());
            case Block block -> Optional.of(block.device());
            case Invalidate invalidate -> Optional.of(invalidate.device());
            case Fault fault -> Optional.of(fault.device());
        };
    }

    /** The machine is reset and its firmware runs; every vIOMMU is off. */
    record Boot() implements GuestStep {}

    /**
     * The guest's drivers turn every vIOMMU on.
     *
     * @param eventQueue whether they enable the event queue of an SMMUv3 too
     * @param gbpa what they first write to GBPA of an SMMUv3; empty leaves it alone
     */
    record EnableViommu(boolean eventQueue, Optional<Gbpa> gbpa) implements GuestStep {}

    /**
     * The guest's drivers turn every vIOMMU off.
     *
     * @param gbpa as in {@link EnableViommu}
     */
    record DisableViommu(Optional<Gbpa> gbpa) implements GuestStep {}

    /**
     * The guest maps memory for a device. Where the vIOMMU walks the guest's own tables and the device has none yet, the guest first installs one.
     *
     * @param device id in the VM
     * @param pasid address space of the device
     * @param range IOVAs
     * @param address guest-physical address that the first of them gets
     * @param writable whether the device may write
     * @param asid tag of the address space (SMMUv3)
     * @param table guest-physical address of the guest's first-stage table or, for SMMUv3, of its context descriptors; another than before is installed
     *     anew
     */
    record Map(String device, int pasid, IovaSpan range, long address, boolean writable, int asid, long table)
            implements GuestStep {
        /** Where tables are when nobody says. */
        public static final long DEFAULT_TABLE = 0x1000_0000L;
    }

    /** The guest unmaps what it mapped. */
    record Unmap(String device, int pasid, IovaSpan range, int asid) implements GuestStep {}

    /** The guest lets the device's DMA pass untranslated. */
    record Bypass(String device) implements GuestStep {}

    /** The guest takes the device's translation away: DMA is blocked. */
    record Block(String device) implements GuestStep {}

    /**
     * The guest invalidates cached translations.
     *
     * @param device id in the VM
     * @param pasid address space of the device
     * @param scope what is invalidated
     * @param range IOVAs; empty for all
     * @param asid tag of the address space (SMMUv3); empty for all
     */
    record Invalidate(String device, int pasid, Scope scope, Optional<IovaSpan> range, Optional<Integer> asid)
            implements GuestStep {}

    /**
     * The device makes an access that its translation does not allow.
     *
     * @param device id in the VM
     * @param pasid address space of the device
     * @param iova accessed
     * @param write whether it was a write
     */
    record Fault(String device, int pasid, long iova, boolean write) implements GuestStep {}

    /** The machine is reset: every vIOMMU is as it was after the attach. */
    record Reset() implements GuestStep {}

    /**
     * A range of IOVAs.
     *
     * @param start first IOVA, unsigned
     * @param lengthBytes positive
     */
    record IovaSpan(long start, long lengthBytes) {
        /** Refuses a range that is empty or wraps around. */
        public IovaSpan {
            if (lengthBytes <= 0 || Long.compareUnsigned(start + lengthBytes - 1, start) < 0) {
                throw new IllegalArgumentException(
                        "iova=0x%x and length=%d make no range: it is empty or goes beyond 64 bits"
                                .formatted(start, lengthBytes));
            }
        }

        /** The last IOVA. */
        public long last() {
            return start + lengthBytes - 1;
        }
    }

    /** SMMU_GBPA.ABORT: what happens to DMA while an SMMUv3 is off. */
    enum Gbpa {
        BYPASS,
        ABORT
    }

    /** What an invalidation is about. */
    enum Scope {
        /** Cached translations (IOTLB, TLB). */
        TLB,
        /** Cached PASID entries or context descriptors. */
        CONFIGURATION,
        /** The cache in the device (ATS). */
        ATS
    }
}
