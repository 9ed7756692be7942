package io.viommufleet.common.viommu;

/**
 * What the configuration needs of a host beyond its IOMMU. It never changes the decision or the validity: a host that
 * lacks it is infeasible.
 */
public sealed interface HostRequirement {
    /** The name of the rule. */
    String rule();

    /** The field that asks for it, such as {@code viommus[0].eim}; the index is that of the canonical configuration. */
    String property();

    /** What is needed and why, in a sentence. */
    String message();

    /** KVM must offer its x2APIC API. */
    record KvmX2apicApi(String rule, String property, String message) implements HostRequirement {}

    /** The VM cannot run under KVM at all. */
    record NotUnderKvm(String rule, String property, String message) implements HostRequirement {}

    /** QEMU must be of this version or newer. */
    record QemuVersion(String rule, String property, String message, int major, int minor) implements HostRequirement {}
}
