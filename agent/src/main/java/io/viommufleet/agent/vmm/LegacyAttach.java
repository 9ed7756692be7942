package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EPERM;
import static io.viommufleet.agent.vmm.StepFailure.require;

import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.ReservedRegion;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.vfio.ResetDevice;
import io.viommufleet.common.feasibility.AddressRange;
import io.viommufleet.common.feasibility.GuestAddressSpace;
import io.viommufleet.common.feasibility.GuestMemory;
import io.viommufleet.common.feasibility.HostIommuDevice;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.Viommu;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The attach path on VFIO's own group and type 1 container, as far as the fleet must tell it from iommufd: the group is taken, a plain domain made, and
 * memory must fit it. There is no object table and no HWPT. Each device has a container of its own here; QEMU would share.
 */
final class LegacyAttach {
    private static final String CONTAINER = "vfio-container";
    private static final String SET_IOMMU = "VFIO_SET_IOMMU";
    private static final String MAP_DMA = "VFIO_IOMMU_MAP_DMA";

    private final VmProcess vm;
    private final HostCdev device;
    private final IommuDevice hardware;
    private final VmAttachRequest request;
    private final UndoStack undo;

    LegacyAttach(VmProcess vm, HostCdev host, VmAttachRequest request, UndoStack undo) {
        this.vm = vm;
        this.device = host;
        this.hardware = host.vfio().hardware();
        this.request = request;
        this.undo = undo;
    }

    AttachResult.Attached run() throws StepFailure {
        vm.because(AttachStep.BIND);
        PagingDomain domain = require(
                AttachStep.BIND, SET_IOMMU, vm.kernel().run(CONTAINER, SET_IOMMU, request.bdf(), this::attachDomain));
        undo.push(stack -> release());
        undo.pushGate(() -> {
            vm.because(AttachStep.RESET);
            return DeviceReset.reset(device.facts().device(), this::reset);
        });
        List<AddressRange> usable = usable(domain);
        GuestAddressSpace space = GuestAddressSpace.of(request.decision(), request.device());
        vm.because(AttachStep.MAP_RAM);
        for (GuestMemory.Section section : space.mapsMemory() ? vm.memory() : List.<GuestMemory.Section>of()) {
            require(
                    AttachStep.MAP_RAM,
                    MAP_DMA,
                    vm.kernel().run(CONTAINER, MAP_DMA, section, () -> map(section, usable)));
        }
        Map<String, String> values = handOver(usable, domain.pageSizes());
        return new AttachResult.Attached(OptionalInt.empty(), OptionalInt.empty(), List.of(), values);
    }

    private PagingDomain attachDomain() throws KernelFailure {
        if (!hardware.traits().cacheCoherent()) {
            throw EINVAL.failure();
        }
        if (!hardware.traits().isolatedMsi() && !vm.kernel().allowsUnsafeInterrupts()) {
            throw EPERM.failure();
        }
        hardware.group().claim(vm);
        try {
            if (hardware.traits().directMappingsRequired()) {
                throw EINVAL.failure();
            }
            PagingDomain domain = hardware.allocatePaging(0, UserData.NONE);
            hardware.attach(domain);
            if (Long.lowestOneBit(domain.pageSizes()) > HOST_PAGE_BYTES) {
                hardware.block();
                throw EINVAL.failure();
            }
            return domain;
        } catch (KernelFailure failure) {
            hardware.group().unclaim();
            throw failure;
        }
    }

    private static final long HOST_PAGE_BYTES = 4096;

    private void release() {
        hardware.block();
        hardware.group().unclaim();
    }

    private Result<Ioctl.Done> reset() {
        return vm.kernel().run(CONTAINER, ResetDevice.NAME, new ResetDevice(), device.vfio()::reset);
    }

    private static Ioctl.Done map(GuestMemory.Section section, List<AddressRange> usable) throws KernelFailure {
        AddressRange range = section.range();
        if (usable.stream().noneMatch(hole -> hole.contains(range.first()) && hole.contains(range.last()))) {
            throw EINVAL.failure();
        }
        return Ioctl.Done.DONE;
    }

    private List<AddressRange> usable(PagingDomain domain) {
        IovaRange aperture = domain.aperture();
        List<AddressRange> usable = List.of(new AddressRange(aperture.start(), aperture.last()));
        for (ReservedRegion region : hardware.reservedRegions()) {
            if (region.type() != ReservedRegion.Type.DIRECT_RELAXABLE) {
                AddressRange hole =
                        new AddressRange(region.range().start(), region.range().last());
                usable = usable.stream()
                        .flatMap(range -> range.without(hole).stream())
                        .toList();
            }
        }
        return usable;
    }

    private Map<String, String> handOver(List<AddressRange> usable, long pageSizes) throws StepFailure {
        Optional<Viommu> viommu = GuestAddressSpace.governing(request.decision(), request.deviceDecision());
        if (viommu.isEmpty() || request.guestDevice().kind() != DeviceKind.PCI) {
            return Map.of();
        }
        HostIommuDevice hiod = new HostIommuDevice(DeviceBackend.LEGACY, Optional.empty(), usable, pageSizes, 0);
        return new ViommuHandover(vm, request, viommu.get(), undo).take(hiod, Optional.empty());
    }
}
