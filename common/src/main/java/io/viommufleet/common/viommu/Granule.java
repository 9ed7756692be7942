package io.viommufleet.common.viommu;

import java.util.Optional;

/** The page size of a virtio-iommu; {@code host} is resolved by the first attach. */
public enum Granule {
    SIZE_4K("4k"),
    SIZE_8K("8k"),
    SIZE_16K("16k"),
    SIZE_64K("64k"),
    HOST("host");

    private final String text;

    Granule(String text) {
        this.text = text;
    }

    /** The value with the name {@code text}. */
    public static Optional<Granule> named(String text) {
        return Names.find(values(), Granule::toString, text);
    }

    /** The name that users and QEMU write. */
    @Override
    public String toString() {
        return text;
    }
}
