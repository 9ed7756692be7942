package io.viommufleet.deploy.bench;

import io.viommufleet.agent.host.driver.HostIommu;
import io.viommufleet.agent.host.driver.PhysicalDevice;
import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.MapFlags;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.driver.ReservedRegion;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.Mapping;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.UserAccount;
import io.viommufleet.agent.iommufd.system.UserProcess;
import io.viommufleet.agent.vfio.BindIommufd;
import io.viommufleet.agent.vfio.DeviceInfo;
import io.viommufleet.agent.vfio.VfioDevice;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import io.viommufleet.common.feasibility.KernelSetup;
import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.feasibility.VtdRegisters;
import java.util.List;

/** A process that holds an iommufd with one IOAS, on a host whose VT-d nests, tracks dirty pages and has one device. */
final class EmulatedVm {
    private static final VtdRegisters NESTING_UNIT = new VtdRegisters(0x19ed008c40780c66L, 0x3ef9e86f050dfL);
    private static final long MEMORY_ADDRESS = 0x7f00_0000_0000L;

    private final UserProcess process = new UserProcess(new UserAccount(), Credentials.root());
    private final Iommufd iommufd;
    private final VfioDevice device;
    private final int ioas;

    EmulatedVm() {
        KernelSetup setup = new KernelSetup(KernelVersion.LINUX_7_0, true, true, false);
        EmulatedKernel kernel = new EmulatedKernel(HostIommu.behaviourOf(setup.version()), false);
        ReservedRegion interrupts =
                new ReservedRegion(new IovaRange(0xfee00000L, 0xfeefffffL), ReservedRegion.Type.MSI);
        PhysicalDevice function = new PhysicalDevice("0000:3b:00.0", new IommuGroup(1), List.of(interrupts));
        device = new VfioDevice(
                kernel, "vfio0", HostIommu.of(NESTING_UNIT, setup).probe(function), DeviceInfo.ofPci(true));
        iommufd = kernel.open(process);
        ioas = iommufd.call(new IoasAlloc()).value().ioasId();
    }

    Iommufd iommufd() {
        return iommufd;
    }

    int ioas() {
        return ioas;
    }

    /** Gives the process memory and maps all of it at one IOVA, for reading and writing. */
    void mapMemory(long iova, long lengthBytes) {
        long address = MEMORY_ADDRESS + iova;
        process.memory().map(new Mapping(address, lengthBytes, MemoryObject.ofPages(lengthBytes), 0, true));
        map(iova, lengthBytes);
    }

    /** IOAS_MAP with a fixed IOVA; the memory behind it is looked at only once a HWPT translates it. */
    long map(long iova, long lengthBytes) {
        int flags = MapFlags.FIXED_IOVA | MapFlags.READABLE | MapFlags.WRITEABLE;
        return iommufd.call(new IoasMap(flags, ioas, MEMORY_ADDRESS + iova, lengthBytes, iova))
                .value()
                .iova();
    }

    /** Opens the device and binds it to the iommufd. */
    VfioDeviceFile bind() {
        VfioDeviceFile file = device.open(process);
        file.bind(new BindIommufd(iommufd.install())).value();
        return file;
    }

    /** HWPT_ALLOC on the IOAS; gives its id. */
    int allocateHwpt(int flags, int deviceId) {
        return iommufd.call(new HwptAlloc(flags, deviceId, ioas)).value().hwptId();
    }
}
