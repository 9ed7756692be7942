package io.viommufleet.agent.vfio;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserProcess;
import org.jspecify.annotations.Nullable;

/** A device that vfio-pci drives. Any number of processes may open its file; one at a time can bind it. */
public final class VfioDevice {
    private final EmulatedKernel kernel;
    private final String name;
    private final IommuDevice hardware;
    private final DeviceInfo info;
    private @Nullable VfioDeviceFile bound;

    /**
     * A device that was just bound to vfio-pci.
     *
     * @param kernel of its host
     * @param name of its file, such as {@code vfio0}
     * @param hardware as its IOMMU driver sees it
     * @param info what VFIO_DEVICE_GET_INFO says
     */
    public VfioDevice(EmulatedKernel kernel, String name, IommuDevice hardware, DeviceInfo info) {
        this.kernel = kernel;
        this.name = name;
        this.hardware = hardware;
        this.info = info;
    }

    /** Opens the device's file for a process. It is not in the process's descriptor table until {@link VfioDeviceFile#install}. */
    public VfioDeviceFile open(UserProcess process) {
        return new VfioDeviceFile(this, process);
    }

    /** Name of the file. */
    public String name() {
        return name;
    }

    /** The device as its IOMMU driver sees it. */
    public IommuDevice hardware() {
        return hardware;
    }

    /** The kernel of its host. */
    public EmulatedKernel kernel() {
        return kernel;
    }

    /**
     * Puts the function back to how it was at power-on.
     *
     * @throws KernelFailure EINVAL if the kernel found no way to reset it (Linux vfio_pci_ioctl_reset)
     */
    public Ioctl.Done reset() throws KernelFailure {
        if ((info.flags() & DeviceInfo.RESET) == 0) {
            throw EINVAL.failure();
        }
        return Ioctl.Done.DONE;
    }

    DeviceInfo info() {
        return info;
    }

    @Nullable
    VfioDeviceFile bound() {
        return bound;
    }

    void setBound(@Nullable VfioDeviceFile file) {
        bound = file;
    }
}
