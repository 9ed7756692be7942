package io.viommufleet.common.viommu;

import java.util.Arrays;
import java.util.Optional;

/**
 * A version of the rules by which flags follow from a configuration. It is pinned per VM at admission, like a machine
 * type, and no version is ever changed or removed: what it decided once, it decides for ever.
 */
public enum RulesVersion {
    /** A vIOMMU wants a nesting parent, and says whether it supports PASID. */
    V1("1"),
    /** As 1, and an intel-iommu also wants dirty tracking and PASID attach on its nesting parent. */
    V2("2");

    /** What a VM gets that does not ask for a version. */
    public static final RulesVersion DEFAULT = V1;

    private final String text;

    RulesVersion(String text) {
        this.text = text;
    }

    /** The version with this name, if we know it. */
    public static Optional<RulesVersion> named(String text) {
        return Names.find(values(), RulesVersion::toString, text);
    }

    /**
     * The version with this name.
     *
     * @throws IllegalArgumentException if we do not know it; the message names those that we know
     */
    public static RulesVersion parse(String text) {
        return named(text)
                .orElseThrow(() -> new IllegalArgumentException("unknown rules version \"%s\": known are %s"
                        .formatted(text, Names.list(Arrays.stream(values())))));
    }

    @Override
    public String toString() {
        return text;
    }
}
