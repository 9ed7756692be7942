package io.viommufleet.common.feasibility;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.HostRequirement;
import io.viommufleet.common.viommu.Viommu;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What must hold before the first call to the kernel: the steps VERIFY, ADDRESS_SPACE and OPEN_CDEV. */
public final class AttachPreconditions {
    private static final Pattern VERSION = Pattern.compile("(\\d{1,4})\\.(\\d{1,4}).*");
    private static final String EMULATED_ENDPOINT_RULE = "accel-emulated-endpoint";

    private AttachPreconditions() {}

    /** Why this host's agent and VMM do not even try; empty if they do. */
    public static Optional<AttachFailure> verify(Decision.Decided decision, HostInventory host) {
        String rules = decision.rulesVersion().toString();
        if (!host.rulesVersions().contains(rules)) {
            return failure(
                    AttachStep.VERIFY,
                    "the agent knows rules versions %s, not %s".formatted(host.rulesVersions(), rules));
        }
        return decision.hostRequirements().stream()
                .filter(requirement -> !offers(host, requirement))
                .findFirst()
                .flatMap(requirement -> failure(
                        AttachStep.VERIFY,
                        "%s: %s; the host's VMM is %s"
                                .formatted(
                                        requirement.property(),
                                        requirement.message(),
                                        host.vmm().orElse("unknown"))));
    }

    /** Why the vIOMMU does not let a device into its address space (QEMU supports_address_space); empty if it does. */
    public static Optional<AttachFailure> addressSpace(Decision.Decided decision, DeviceDecision device) {
        Optional<Viommu> viommu = GuestAddressSpace.governing(decision, device);
        boolean accelerated = viommu.isPresent()
                && viommu.get() instanceof ArmSmmuv3 smmu
                && smmu.accel().orElse(false);
        if (!accelerated) {
            return Optional.empty();
        }
        Optional<GuestDevice> legacy =
                decision.canonical().device(device.id()).filter(guest -> guest.backend() == DeviceBackend.LEGACY);
        if (legacy.isPresent()) {
            return failure(AttachStep.ADDRESS_SPACE, "an accelerated SMMUv3 takes VFIO devices with iommufd only");
        }
        return decision.doomed().stream()
                .filter(doom -> doom.device().equals(device.id()) && doom.rule().equals(EMULATED_ENDPOINT_RULE))
                .findFirst()
                .flatMap(doom -> failure(AttachStep.ADDRESS_SPACE, doom.message()));
    }

    /** Why the device's VFIO file is not there; empty if it is. */
    public static Optional<AttachFailure> openable(DeviceFacts facts) {
        return facts.opens()
                ? Optional.empty()
                : failure(
                        AttachStep.OPEN_CDEV,
                        "%s has no VFIO file: its driver is %s and it is not assignable"
                                .formatted(
                                        facts.device().bdf(),
                                        facts.device().driver().orElse("none")));
    }

    /** A failure of one of our own checks, without a call to the kernel. */
    static Optional<AttachFailure> failure(AttachStep step, String reason) {
        return Optional.of(new AttachFailure(step, Optional.empty(), Optional.empty(), reason));
    }

    /** KVM's x2APIC API is older than every modelled kernel; every host runs KVM. */
    private static boolean offers(HostInventory host, HostRequirement requirement) {
        return switch (requirement) {
            case HostRequirement.KvmX2apicApi _ -> true;
            case HostRequirement.NotUnderKvm _ -> false;
            case HostRequirement.QemuVersion needed ->
                host.vmm().map(VERSION::matcher).filter(Matcher::matches).stream()
                        .anyMatch(has -> atLeast(has, needed));
        };
    }

    private static boolean atLeast(Matcher has, HostRequirement.QemuVersion needed) {
        int major = Integer.parseInt(has.group(1));
        int minor = Integer.parseInt(has.group(2));
        return major > needed.major() || (major == needed.major() && minor >= needed.minor());
    }
}
