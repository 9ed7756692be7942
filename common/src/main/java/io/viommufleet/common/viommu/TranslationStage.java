package io.viommufleet.common.viommu;

import java.util.Optional;

/** The translation stages that an SMMUv3 offers its guest. */
public enum TranslationStage {
    STAGE_1("1"),
    STAGE_2("2"),
    NESTED("nested");

    private final String text;

    TranslationStage(String text) {
        this.text = text;
    }

    /** The value with the name {@code text}. */
    public static Optional<TranslationStage> named(String text) {
        return Names.find(values(), TranslationStage::toString, text);
    }

    /** The name that users and QEMU write. */
    @Override
    public String toString() {
        return text;
    }
}
