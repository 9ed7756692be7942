package io.viommufleet.common.viommu;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A versioned machine type, taken apart.
 *
 * @param name all of it, as QEMU knows it
 * @param version the version of QEMU whose behaviour it keeps; empty where the name does not tell, as with those that
 *     distributions make
 */
record MachineType(MachineFamily family, String name, Optional<Version> version) {
    private static final Pattern NAME =
            Pattern.compile("(pc-q35|pc-i440fx|virt|s390-ccw-virtio|pc(?=-[0-9]))-([A-Za-z0-9._+-]+)");
    private static final Pattern VERSION = Pattern.compile("([0-9]{1,4})\\.([0-9]{1,4})(?:[.+].*)?");

    /** A version of QEMU. */
    record Version(int major, int minor) {
        boolean upTo(int lastMajor, int lastMinor) {
            return major < lastMajor || (major == lastMajor && minor <= lastMinor);
        }
    }

    /** Takes a machine type apart; empty if it is of no family that we know. */
    static Optional<MachineType> parse(String name) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        MachineFamily family = switch (matcher.group(1)) {
            case "pc-q35" -> MachineFamily.Q35;
            case "virt" -> MachineFamily.VIRT;
            case "s390-ccw-virtio" -> MachineFamily.S390_CCW_VIRTIO;
            default -> MachineFamily.I440FX;
        };
        return Optional.of(new MachineType(family, name, version(matcher.group(2))));
    }

    private static Optional<Version> version(String text) {
        Matcher matcher = VERSION.matcher(text);
        return matcher.matches()
                ? Optional.of(new Version(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
                : Optional.empty();
    }
}
