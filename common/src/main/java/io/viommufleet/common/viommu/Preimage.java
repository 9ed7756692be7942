package io.viommufleet.common.viommu;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The text whose SHA-256 is a configuration's digest. It holds all that a decision could depend on, and no name, id or
 * resolved value: the primary bus of a vIOMMU appears by its kind, for what it governs is said with each device.
 *
 * <p>The form never changes. A property that QEMU gains later must be left out while it has its default, or every
 * digest ever written would be another; a golden test stands guard.
 */
final class Preimage {
    private static final String FORMAT = "viommu-fleet decision preimage 1\n";

    private Preimage() {}

    /** The digest of a canonical configuration, in lower-case hexadecimal. */
    static String digest(RulesVersion rulesVersion, VmConfiguration canonical, List<GuestTopology.Place> places) {
        String text = of(rulesVersion, canonical, places);
        return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** The preimage of a canonical configuration, given the place of each device. */
    static String of(RulesVersion rulesVersion, VmConfiguration canonical, List<GuestTopology.Place> places) {
        StringBuilder text = new StringBuilder(FORMAT)
                .append("rules ")
                .append(rulesVersion)
                .append("\nmachine ")
                .append(canonical.machine().type())
                .append('\n');
        canonical.viommus().forEach(viommu -> text.append(of(viommu)));
        for (int i = 0; i < places.size(); i++) {
            text.append(of(canonical.devices().get(i), places.get(i)));
        }
        return text.toString();
    }

    /** What the digest takes from a vIOMMU whose defaults are filled in. */
    static String of(Viommu viommu) {
        return viommu.properties().stream()
                .sorted(Comparator.comparing(Property::name))
                .map(property -> "  %s=%s\n".formatted(property.name(), valueOf(property)))
                .collect(Collectors.joining("", "viommu %s\n".formatted(viommu.model()), ""));
    }

    private static String valueOf(Property property) {
        if (!property.name().equals("primary-bus")) {
            return property.value();
        }
        return property.value().equals("pcie.0") ? "root" : "expander";
    }

    private static String of(GuestDevice device, GuestTopology.Place place) {
        String viommu =
                place.viommu().isPresent() ? Integer.toString(place.viommu().getAsInt()) : "none";
        return "device %s %s viommu=%s bypass=%s aliased=%s\n"
                .formatted(device.kind(), device.backend(), viommu, onOff(place.bypass()), onOff(place.aliased()));
    }

    private static String onOff(boolean on) {
        return on ? "on" : "off";
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
