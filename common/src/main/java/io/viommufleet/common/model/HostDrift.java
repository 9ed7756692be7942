package io.viommufleet.common.model;

import java.util.List;

/**
 * What a host lost or gained from one boot to the next, and whom that strands. Found when the later boot is admitted, and
 * kept until the next one.
 *
 * @param fromBoot the boot before
 * @param toBoot the boot in which it was found
 * @param changes what is not as it was; never empty
 * @param stranded the VMs that were on the host and that it can no longer run, by device
 */
public record HostDrift(String fromBoot, String toBoot, List<Change> changes, List<Stranded> stranded) {
    public HostDrift {
        changes = List.copyOf(changes);
        stranded = List.copyOf(stranded);
    }

    /**
     * One capability that changed.
     *
     * @param what its name, such as {@code iommu dmar0 nesting}
     * @param before its value in the boot before
     * @param after its value now
     */
    public record Change(String what, String before, String after) {
        /** For people: the name, and both values. */
        public String words() {
            return "%s: %s, was %s".formatted(what, after, before);
        }
    }

    /**
     * A device of a VM that the host can no longer attach.
     *
     * @param vm the VM
     * @param device its guest device
     * @param bdf the host device that it had
     * @param reason what the attach would come to now
     */
    public record Stranded(String vm, String device, Bdf bdf, String reason) {
        /** For people: who, what and why. */
        public String words() {
            return "VM %s, %s = %s: %s".formatted(vm, device, bdf, reason);
        }
    }
}
