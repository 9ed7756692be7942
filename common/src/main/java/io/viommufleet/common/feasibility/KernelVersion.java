package io.viommufleet.common.feasibility;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Linux kernel version, reduced to the two numbers that decide behaviour here.
 *
 * @param major first number, such as 6
 * @param minor second number, such as 12
 */
public record KernelVersion(int major, int minor) implements Comparable<KernelVersion> {
    /** The newest kernel without viommu objects that is modelled. */
    public static final KernelVersion LINUX_6_12 = new KernelVersion(6, 12);

    /** The kernel with viommu, vdevice, event and hardware queues, and PASID attach. */
    public static final KernelVersion LINUX_7_0 = new KernelVersion(7, 0);

    private static final Pattern SHAPE = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(?:[.\\-+_~].*)?");

    /** Refuses negative numbers. */
    public KernelVersion {
        if (major < 0 || minor < 0) {
            throw new IllegalArgumentException("kernel version %d.%d has a negative number".formatted(major, minor));
        }
    }

    /**
     * Reads {@code 6.12}, {@code 7.0.0} or {@code 6.12.117-generic}; what follows the second number is ignored.
     *
     * @return empty when the text does not begin with two numbers
     */
    public static Optional<KernelVersion> parse(String text) {
        Matcher matcher = SHAPE.matcher(text.strip());
        return matcher.matches()
                ? Optional.of(new KernelVersion(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
                : Optional.empty();
    }

    /** Whether iommufd has viommu objects, vdevices and their queues. */
    public boolean hasViommuObjects() {
        return atLeast(LINUX_7_0);
    }

    /** Whether HWPT_ALLOC knows the PASID flag and a VFIO device attaches PASIDs. */
    public boolean attachesPasids() {
        return atLeast(LINUX_7_0);
    }

    /** Whether VT-d takes the first stage for a domain that user space allocates without flags. */
    public boolean prefersFirstStage() {
        return atLeast(LINUX_7_0);
    }

    /** Whether VT-d refuses a read-only map in a nesting parent; newer kernels map it writeable. */
    public boolean refusesReadOnlyInParent() {
        return !atLeast(LINUX_7_0);
    }

    /** Whether the AMD driver answers GET_HW_INFO, and nests. */
    public boolean amdNests() {
        return atLeast(LINUX_7_0);
    }

    /** Whether the levels of an AMD page table follow the hardware; older kernels take 64 bits for granted. */
    public boolean amdTableFollowsHardware() {
        return atLeast(LINUX_7_0);
    }

    /** Whether this version is {@code other} or newer. */
    public boolean atLeast(KernelVersion other) {
        return compareTo(other) >= 0;
    }

    @Override
    public int compareTo(KernelVersion other) {
        return Comparator.comparingInt(KernelVersion::major)
                .thenComparingInt(KernelVersion::minor)
                .compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
