package io.viommufleet.common.viommu;

/** A property of a vIOMMU as text, the way a user or QEMU writes it: {@code x-scalable-mode=on}. */
public record Property(String name, String value) {}
