package io.viommufleet.common.feasibility;

/**
 * How a host's kernel was built and started, as far as IOMMUs are concerned. A setting that is not known must be given as off: unknown counts as
 * cannot.
 *
 * @param version running kernel
 * @param scalableMode whether {@code intel_iommu=sm_on}, or a build with that default, is in effect
 * @param interruptRemapping whether interrupts are remapped, so that MSIs of one device cannot be forged by another
 * @param allowUnsafeInterrupts module option {@code iommufd.allow_unsafe_interrupts} (or VFIO's): bind without isolated MSIs
 */
public record KernelSetup(
        KernelVersion version, boolean scalableMode, boolean interruptRemapping, boolean allowUnsafeInterrupts) {}
