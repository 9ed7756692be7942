package io.viommufleet.common.feasibility;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.ReservedRegion;
import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.IntelIommu;
import io.viommufleet.common.viommu.Viommu;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The attach path without a kernel: each step as it would end on an idle host. */
final class AttachPrediction {
    private final FeasibilityRequest request;
    private final DeviceFacts facts;
    private final DeviceDecision device;
    private final DeviceKind kind;
    private final DeviceBackend backend;
    private final Optional<Viommu> viommu;
    private final Set<HwptFlag> flags;

    AttachPrediction(FeasibilityRequest request, DeviceFacts facts) {
        this.request = request;
        this.facts = facts;
        this.device = request.deviceDecision();
        this.kind = request.guestDevice().kind();
        this.backend = request.guestDevice().backend();
        this.viommu = kind == DeviceKind.PLATFORM
                ? Optional.empty()
                : GuestAddressSpace.governing(request.decision(), device);
        this.flags = plain()
                ? Set.of()
                : HwptFlag.chosen(
                        device.flags(), facts.capabilities().dirtyTracking().available(), facts.maxPasidLog2());
    }

    Feasibility predict() {
        return AttachPreconditions.addressSpace(request.decision(), device)
                .or(() -> AttachPreconditions.openable(facts))
                .or(this::bind)
                .<Feasibility>map(Feasibility.Infeasible::new)
                .orElseGet(this::predictDomain);
    }

    /** A mediated device and the legacy backend allocate no HWPT with flags. */
    private boolean plain() {
        return kind == DeviceKind.MDEV || backend == DeviceBackend.LEGACY;
    }

    private Optional<AttachFailure> bind() {
        String call = backend == DeviceBackend.LEGACY ? "VFIO_SET_IOMMU" : "VFIO_DEVICE_BIND_IOMMUFD";
        Capability coherent = switch (facts.registers()) {
            case NoIommu _ -> Capability.cannot("the device is behind no IOMMU");
            case SmmuV3Registers smmu -> new SmmuV3Capabilities(smmu, facts.kernel()).coherent();
            case VtdRegisters _, AmdRegisters _, VirtioIommuProperties _ -> Capability.can();
        };
        if (!coherent.available()) {
            return kernelFailure(
                    AttachStep.BIND, call, "EINVAL", coherent.whyNot().orElse(""));
        }
        Capability isolated = IommuCapabilities.isolatedInterrupts(facts.kernel());
        if (!isolated.available()) {
            return kernelFailure(
                    AttachStep.BIND, call, "EPERM", isolated.whyNot().orElse(""));
        }
        if (facts.kernelUser().isPresent()) {
            return kernelFailure(
                    AttachStep.BIND,
                    call,
                    "EBUSY",
                    "the kernel drives %s of the same iommu group"
                            .formatted(facts.kernelUser().get().bdf()));
        }
        return facts.directMappingsRequired()
                ? kernelFailure(
                        AttachStep.BIND, call, "EINVAL", "firmware insists on one-to-one mappings for the device")
                : Optional.empty();
    }

    private Feasibility predictDomain() {
        List<String> unmet = plain() ? List.of() : HwptFlag.unmet(device.flags(), flags);
        if (request.strict() && !unmet.isEmpty()) {
            return new Feasibility.Infeasible(
                    AttachWords.strict(unmet, facts.device().bdf()));
        }
        return switch (DomainPrediction.of(facts.registers(), facts.kernel(), flags)) {
            case DomainPrediction.Refused(String errno, String reason) ->
                new Feasibility.Infeasible(allocationFailure(errno, reason));
            case DomainPrediction.Made made -> predictAttached(made, unmet);
        };
    }

    private AttachFailure allocationFailure(String errno, String reason) {
        if (backend == DeviceBackend.LEGACY) {
            return new AttachFailure(
                    AttachStep.BIND, Optional.of("VFIO_SET_IOMMU"), Optional.of(errno), AttachWords.words(reason));
        }
        boolean automatic = kind == DeviceKind.MDEV;
        return new AttachFailure(
                automatic ? AttachStep.ATTACH : AttachStep.HWPT_ALLOC,
                Optional.of(automatic ? "VFIO_DEVICE_ATTACH_IOMMUFD_PT" : "HWPT_ALLOC"),
                Optional.of(errno),
                AttachWords.words(reason));
    }

    private Feasibility predictAttached(DomainPrediction.Made made, List<String> unmet) {
        DomainPrediction.Made domain = facts.registers() instanceof VirtioIommuProperties virtio && plain()
                ? new DomainPrediction.Made(virtio.range(), virtio.pageSizeMask(), false)
                : made;
        List<AddressRange> usable = usableRanges(domain.aperture());
        return attach().or(() -> mapMemory(domain, usable))
                .<Feasibility>map(Feasibility.Infeasible::new)
                .orElseGet(() -> predictViommu(domain, usable, unmet));
    }

    private Optional<AttachFailure> attach() {
        boolean coarse = facts.registers() instanceof VirtioIommuProperties virtio
                && Long.lowestOneBit(virtio.pageSizeMask()) > 4096;
        if (!coarse) {
            return Optional.empty();
        }
        boolean legacy = backend == DeviceBackend.LEGACY;
        return kernelFailure(
                legacy ? AttachStep.BIND : AttachStep.ATTACH,
                legacy ? "VFIO_SET_IOMMU" : "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
                "EINVAL",
                "the virtio-iommu's granule is larger than the processor's page");
    }

    private Optional<AttachFailure> mapMemory(DomainPrediction.Made domain, List<AddressRange> usable) {
        if (!GuestAddressSpace.of(request.decision(), request.device()).mapsMemory()) {
            return Optional.empty();
        }
        boolean skipReadOnly = bypassesReadOnly();
        String call = backend == DeviceBackend.LEGACY ? "VFIO_IOMMU_MAP_DMA" : "IOAS_MAP";
        for (GuestMemory.Section section :
                GuestMemory.sections(request.decision().canonical(), request.memoryBytes())) {
            AddressRange range = section.range();
            boolean fits =
                    usable.stream().anyMatch(hole -> hole.contains(range.first()) && hole.contains(range.last()));
            if (section.readOnly() && skipReadOnly) {
                continue;
            }
            if (!fits || (section.readOnly() && domain.refusesReadOnly())) {
                return kernelFailure(AttachStep.MAP_RAM, call, "EINVAL", AttachWords.cannotMap(section, usable));
            }
        }
        return Optional.empty();
    }

    private boolean bypassesReadOnly() {
        return device.nestingParent()
                && viommu.filter(IntelIommu.class::isInstance).isPresent()
                && facts.registers() instanceof VtdRegisters;
    }

    private Feasibility predictViommu(DomainPrediction.Made domain, List<AddressRange> usable, List<String> unmet) {
        if (viommu.isEmpty() || kind == DeviceKind.MDEV) {
            return new Feasibility.Feasible(unmet, Map.of());
        }
        String path = "viommus[%d]".formatted(device.viommu().orElseThrow());
        HostIommuDevice host = new HostIommuDevice(
                backend,
                backend == DeviceBackend.LEGACY ? Optional.empty() : facts.information(),
                usable,
                backend == DeviceBackend.LEGACY ? domain.pageSizes() : Long.lowestOneBit(domain.pageSizes()),
                facts.maxPasidLog2());
        HostCheckResult result = HostChecks.check(
                viommu.get(), path, request.resolvedValues(), GuestEndpoint.unused(device.aliased()), host);
        return switch (result) {
            case HostCheckResult.Refused refused ->
                new Feasibility.Infeasible(AttachWords.refused(AttachStep.SET_IOMMU_DEVICE, refused));
            case HostCheckResult.Accepted(Map<String, String> values) ->
                viommuObject()
                        .or(() -> HostChecks.refusesNotifier(viommu.get())
                                .map(refused -> AttachWords.refused(AttachStep.REGISTER_NOTIFIER, refused)))
                        .<Feasibility>map(Feasibility.Infeasible::new)
                        .orElseGet(() -> new Feasibility.Feasible(unmet, values));
        };
    }

    /** The viommu object that an accelerated SMMUv3 makes inside set_iommu_device. */
    private Optional<AttachFailure> viommuObject() {
        boolean accelerated =
                viommu.get() instanceof ArmSmmuv3 smmu && smmu.accel().orElse(false);
        if (!accelerated) {
            return Optional.empty();
        }
        if (!facts.kernel().version().hasViommuObjects()) {
            return kernelFailure(
                    AttachStep.SET_IOMMU_DEVICE,
                    "VIOMMU_ALLOC",
                    "ENOTTY",
                    "kernel %s has no viommu objects".formatted(facts.kernel().version()));
        }
        Capability viommu = facts.registers() instanceof SmmuV3Registers smmu
                ? new SmmuV3Capabilities(smmu, facts.kernel()).viommu(false)
                : Capability.cannot("the host's IOMMU is no SMMUv3");
        return viommu.whyNot()
                .flatMap(reason -> kernelFailure(AttachStep.SET_IOMMU_DEVICE, "VIOMMU_ALLOC", "EOPNOTSUPP", reason));
    }

    private List<AddressRange> usableRanges(AddressRange aperture) {
        List<AddressRange> usable = new ArrayList<>(List.of(aperture));
        for (ReservedRegion region : facts.reservedRegions()) {
            if (!region.type().equals("direct-relaxable")) {
                AddressRange hole = new AddressRange(region.start(), region.last());
                usable = usable.stream()
                        .flatMap(range -> range.without(hole).stream())
                        .toList();
            }
        }
        return usable;
    }

    private static Optional<AttachFailure> kernelFailure(AttachStep step, String call, String errno, String reason) {
        return Optional.of(new AttachFailure(step, Optional.of(call), Optional.of(errno), AttachWords.words(reason)));
    }
}
