package io.viommufleet.common.viommu;

import java.util.Optional;

/** QEMU's three-valued switch. */
public enum OnOffAuto {
    ON("on"),
    OFF("off"),
    AUTO("auto");

    private final String text;

    OnOffAuto(String text) {
        this.text = text;
    }

    /** The value with the name {@code text}. */
    public static Optional<OnOffAuto> named(String text) {
        return Names.find(values(), OnOffAuto::toString, text);
    }

    /** The name that users and QEMU write. */
    @Override
    public String toString() {
        return text;
    }
}
