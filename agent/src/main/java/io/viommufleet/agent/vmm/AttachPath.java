package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.vmm.StepFailure.require;

import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.GetHwInfo;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.IoasIovaRanges;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.MapFlags;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.vfio.AttachPt;
import io.viommufleet.agent.vfio.BindIommufd;
import io.viommufleet.agent.vfio.DetachPt;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import io.viommufleet.agent.vmm.Container.DefaultHwpt;
import io.viommufleet.common.feasibility.AddressRange;
import io.viommufleet.common.feasibility.AttachWords;
import io.viommufleet.common.feasibility.GuestAddressSpace;
import io.viommufleet.common.feasibility.GuestMemory;
import io.viommufleet.common.feasibility.HostIommuDevice;
import io.viommufleet.common.feasibility.HwptFlag;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.IntelIommu;
import io.viommufleet.common.viommu.Viommu;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's attach path on the iommufd backend (iommufd_cdev_attach): bind, find or make a container, map guest memory, realize the host IOMMU device,
 * hand it to the vIOMMU. Whoever starts it undoes it when it fails.
 */
final class AttachPath {
    private static final String ATTACH_CALL = "VFIO_DEVICE_ATTACH_IOMMUFD_PT";
    private static final String CDEV_DIRECTORY = "/dev/vfio/devices/";
    private static final int INFO_BYTES = 16;

    private final VmProcess vm;
    private final VmAttachRequest request;
    private final DeviceDecision device;
    private final GuestDevice guest;
    private final Optional<Viommu> governing;
    private final GuestAddressSpace space;
    private final UndoStack undo;
    private final HostDevice hostDevice;
    private final VfioDeviceFile file;
    private int deviceId;
    private List<String> unmet = List.of();

    AttachPath(VmProcess vm, HostCdev host, VmAttachRequest request, UndoStack undo) {
        this.vm = vm;
        this.request = request;
        this.undo = undo;
        this.device = request.deviceDecision();
        this.guest = request.guestDevice();
        this.governing = guest.kind() == DeviceKind.PLATFORM
                ? Optional.empty() // a platform device has no PCI bus to find a vIOMMU on
                : GuestAddressSpace.governing(request.decision(), device);
        this.space = GuestAddressSpace.of(request.decision(), request.device());
        this.hostDevice = host.facts().device();
        this.file = host.vfio().open(vm.process());
    }

    /** A container that has the device, and the HWPT in it; none for a mediated device. */
    private record Joined(Container container, @Nullable DefaultHwpt hwpt) {}

    AttachResult.Attached run() throws StepFailure {
        bind();
        Joined joined = join();
        vm.because(AttachStep.DEVICE_GET_INFO);
        require(AttachStep.DEVICE_GET_INFO, "VFIO_DEVICE_GET_INFO", file.getInfo(INFO_BYTES));
        Map<String, String> values = joined.hwpt() == null ? Map.of() : handOver(joined.container(), joined.hwpt());
        return new AttachResult.Attached(
                OptionalInt.of(joined.container().ioas()),
                joined.hwpt() == null
                        ? OptionalInt.empty()
                        : OptionalInt.of(joined.hwpt().id()),
                unmet,
                values);
    }

    private void bind() throws StepFailure {
        String name = file.device().name();
        String path = CDEV_DIRECTORY + name;
        vm.because(AttachStep.OPEN_CDEV);
        int descriptor = require(
                AttachStep.OPEN_CDEV,
                EmulatedKernel.OPEN + " " + path,
                vm.kernel().open(name, path, file::install));
        undo.push(stack -> vm.kernel().close(vm.process(), name, descriptor));
        int iommufd = vm.connect();
        undo.push(stack -> vm.disconnect());
        vm.because(AttachStep.BIND);
        deviceId = require(AttachStep.BIND, "VFIO_DEVICE_BIND_IOMMUFD", file.bind(new BindIommufd(iommufd)))
                .devId();
        undo.pushGate(() -> {
            vm.because(AttachStep.RESET);
            return DeviceReset.reset(hostDevice, file::reset);
        });
    }

    /** Tries the containers of the address space; whatever keeps the device out of one is dropped. Only a new container's failure counts. */
    private Joined join() throws StepFailure {
        for (Container candidate : List.copyOf(vm.containers())) {
            if (candidate.addressSpace().equals(space.key())) {
                try {
                    return joinContainer(candidate);
                } catch (StepFailure dropped) {
                    unmet = List.of();
                }
            }
        }
        int ioas = vm.call(AttachStep.IOAS_ALLOC, new IoasAlloc()).ioasId();
        Container created = new Container(space.key(), ioas);
        vm.containers().add(created);
        undo.push(stack -> discard(created, stack));
        Joined joined = joinContainer(created);
        readRanges(created);
        mapMemory(created);
        return joined;
    }

    private void discard(Container container, UndoStack stack) {
        if (vm.containers().contains(container) && container.isUnused()) {
            vm.containers().remove(container);
            container.mapped().forEach(section -> stack.report("IOAS_UNMAP", unmap(container, section)));
            container
                    .guestMappings()
                    .values()
                    .forEach(piece -> stack.report(
                            "IOAS_UNMAP",
                            vm.iommufd().call(new IoasUnmap(container.ioas(), piece.iova(), piece.lengthBytes()))));
            container.hwpts().forEach(leftOver -> vm.destroy(leftOver.id(), stack));
            vm.destroy(container.ioas(), stack);
        }
    }

    private Result<?> unmap(Container container, GuestMemory.Section section) {
        AddressRange range = section.range();
        return vm.iommufd().call(new IoasUnmap(container.ioas(), range.first(), range.last() - range.first() + 1));
    }

    private Joined joinContainer(Container container) throws StepFailure {
        DefaultHwpt hwpt = guest.kind() == DeviceKind.MDEV ? null : hwptFor(container);
        if (hwpt == null) {
            vm.because(AttachStep.ATTACH);
            require(AttachStep.ATTACH, ATTACH_CALL, file.attach(new AttachPt(container.ioas())));
        }
        container.join();
        undo.push(stack -> leave(container, hwpt, stack));
        return new Joined(container, hwpt);
    }

    private void leave(Container container, @Nullable DefaultHwpt hwpt, UndoStack stack) {
        stack.report("VFIO_DEVICE_DETACH_IOMMUFD_PT", file.detach(new DetachPt()));
        if (hwpt != null && hwpt.leave() && vm.destroy(hwpt.id(), stack)) {
            container.hwpts().remove(hwpt);
        }
        container.leave();
        discard(container, stack);
    }

    /** QEMU iommufd_cdev_autodomains_get: the first HWPT that takes the device, else a new one. */
    private DefaultHwpt hwptFor(Container container) throws StepFailure {
        vm.because(AttachStep.ATTACH);
        for (DefaultHwpt candidate : container.hwpts()) {
            Result<?> attached = file.attach(new AttachPt(candidate.id()));
            if (attached.isOk()) {
                candidate.join();
                return candidate;
            }
            if (attached.errno() != Errno.EINVAL) {
                throw new StepFailure(StepFailure.of(AttachStep.ATTACH, ATTACH_CALL, attached));
            }
        }
        return allocate(container);
    }

    private DefaultHwpt allocate(Container container) throws StepFailure {
        HardwareView hardware = HardwareView.of(vm.call(AttachStep.GET_HW_INFO, new GetHwInfo(deviceId)));
        Set<HwptFlag> flags = vm.hwptChoice().choose(device.flags(), hardware.dirtyTracking(), hardware.maxPasidLog2());
        unmet = HwptFlag.unmet(device.flags(), flags);
        if (request.strict() && !unmet.isEmpty()) {
            throw new StepFailure(AttachWords.strict(unmet, request.bdf()));
        }
        boolean nesting = flags.contains(HwptFlag.NEST_PARENT);
        if (nesting
                && hardware.readOnlyErratum()
                && governing.filter(IntelIommu.class::isInstance).isPresent()) {
            container.ignoreReadOnly();
        }
        int id = vm.call(AttachStep.HWPT_ALLOC, new HwptAlloc(bits(flags), deviceId, container.ioas()))
                .hwptId();
        vm.because(AttachStep.ATTACH);
        Result<?> attached = file.attach(new AttachPt(id));
        if (!attached.isOk()) {
            vm.destroy(id, undo);
            throw new StepFailure(StepFailure.of(AttachStep.ATTACH, ATTACH_CALL, attached));
        }
        DefaultHwpt hwpt = new DefaultHwpt(id, nesting, flags.contains(HwptFlag.DIRTY_TRACKING));
        hwpt.join();
        container.hwpts().add(hwpt);
        return hwpt;
    }

    private static int bits(Set<HwptFlag> flags) {
        int bits = 0;
        for (HwptFlag flag : flags) {
            bits |= switch (flag) {
                case NEST_PARENT -> HwptFlags.NEST_PARENT;
                case DIRTY_TRACKING -> HwptFlags.DIRTY_TRACKING;
                case PASID -> HwptFlags.PASID;
            };
        }
        return bits;
    }

    /** Without an answer QEMU goes on as if every address were usable. */
    private void readRanges(Container container) {
        vm.because(AttachStep.IOVA_RANGES);
        Result<IoasIovaRanges.Ranges> ranges = vm.iommufd().call(new IoasIovaRanges(container.ioas()));
        if (ranges.isOk()) {
            List<AddressRange> usable = new ArrayList<>();
            ranges.value().all().forEach(range -> usable.add(new AddressRange(range.start(), range.last())));
            container.setUsable(usable, ranges.value().alignment());
        }
    }

    private void mapMemory(Container container) throws StepFailure {
        if (!space.mapsMemory()) {
            return;
        }
        for (GuestMemory.Section section : vm.memory()) {
            if (section.readOnly() && container.ignoresReadOnly()) {
                continue;
            }
            AddressRange range = section.range();
            int flags = MapFlags.FIXED_IOVA | MapFlags.READABLE | (section.readOnly() ? 0 : MapFlags.WRITEABLE);
            vm.call(
                    AttachStep.MAP_RAM,
                    new IoasMap(
                            flags,
                            container.ioas(),
                            VmProcess.addressOf(section),
                            range.last() - range.first() + 1,
                            range.first()));
            container.mapped().add(section);
        }
    }

    private Map<String, String> handOver(Container container, DefaultHwpt hwpt) throws StepFailure {
        HardwareView hardware = HardwareView.of(vm.call(AttachStep.REALIZE_HIOD, new GetHwInfo(deviceId)));
        if (governing.isEmpty()) {
            return Map.of();
        }
        HostIommuDevice hiod = new HostIommuDevice(
                DeviceBackend.IOMMUFD,
                hardware.registers(),
                container.usableRanges(),
                container.pageSizeMask(),
                hardware.maxPasidLog2());
        return new ViommuHandover(vm, request, governing.get(), undo).take(hiod, Optional.of(endpoint(hwpt)));
    }

    private Endpoint endpoint(DefaultHwpt hwpt) {
        return new Endpoint(request.device(), file, deviceId, hwpt.id(), space.key());
    }
}
