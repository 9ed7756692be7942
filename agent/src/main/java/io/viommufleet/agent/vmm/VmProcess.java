package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.vmm.StepFailure.require;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.Mapping;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.UserAccount;
import io.viommufleet.agent.iommufd.system.UserProcess;
import io.viommufleet.common.feasibility.GuestMemory;
import io.viommufleet.common.feasibility.HwptChoice;
import io.viommufleet.common.model.AttachStep;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One QEMU: its memory, its iommufd while a device uses it, its containers, and what its vIOMMUs know. */
final class VmProcess {
    private static final long RAM_ADDRESS = 0x7f00_0000_0000L;
    private static final int FIRST_VIOMMU_IOCTL = 0x3b90;
    private static final String IOMMUFD = "/dev/iommu";
    private static final String OPEN_IOMMUFD = EmulatedKernel.OPEN + " " + IOMMUFD;

    private final EmulatedKernel kernel;
    private final UserProcess process = new UserProcess(new UserAccount(), Credentials.root());
    private final List<GuestMemory.Section> memory;
    private final int deviceCount;
    private final HwptChoice hwptChoice;
    private final List<Container> containers = new ArrayList<>();
    private final Map<Integer, ViommuInstance> viommus = new TreeMap<>();
    private final DirtyTracking dirtyTracking = new DirtyTracking(this);
    private final Map<String, AttachedVfioDevice> devices = new TreeMap<>();
    private final Map<String, AttachedVfioDevice> unclean = new TreeMap<>();
    private final Map<String, String> frozen = new HashMap<>();
    private @Nullable Iommufd iommufd;
    private int iommufdDescriptor = -1;
    private int iommufdUsers;

    VmProcess(EmulatedKernel kernel, List<GuestMemory.Section> memory, int deviceCount, HwptChoice hwptChoice) {
        this.kernel = kernel;
        this.deviceCount = deviceCount;
        this.hwptChoice = hwptChoice;
        this.memory = List.copyOf(memory);
        for (GuestMemory.Section section : memory) {
            long bytes = section.range().last() - section.range().first() + 1;
            MemoryObject object = MemoryObject.ofPages(bytes);
            process.memory().map(new Mapping(addressOf(section), bytes, object, 0, true));
        }
    }

    EmulatedKernel kernel() {
        return kernel;
    }

    UserProcess process() {
        return process;
    }

    List<GuestMemory.Section> memory() {
        return memory;
    }

    /** Where a section lies in the VMM's own memory. */
    static long addressOf(GuestMemory.Section section) {
        return RAM_ADDRESS + section.range().first();
    }

    List<Container> containers() {
        return containers;
    }

    Map<String, AttachedVfioDevice> devices() {
        return devices;
    }

    /** Devices that the guest has no longer and that could not be reset: the VMM keeps them open, so that nobody else has them. */
    Map<String, AttachedVfioDevice> unclean() {
        return unclean;
    }

    /** Gives up a device, or one that could not be reset before; null if there is no such device. */
    @Nullable
    AttachedVfioDevice release(String device) {
        AttachedVfioDevice attached = devices.remove(device);
        return attached == null ? unclean.remove(device) : attached;
    }

    /** How it chooses the flags of HWPTs. */
    HwptChoice hwptChoice() {
        return hwptChoice;
    }

    /** Whether all devices of the VM are attached. */
    boolean complete() {
        return devices.size() == deviceCount;
    }

    /** Values that a device finalised; they outlive the device. */
    Map<String, String> frozen() {
        return frozen;
    }

    /** What devices write, while the VM migrates. */
    DirtyTracking dirtyTracking() {
        return dirtyTracking;
    }

    /** The vIOMMUs that a device was handed to, by index. */
    Map<Integer, ViommuInstance> viommus() {
        return viommus;
    }

    ViommuInstance viommu(int index) {
        return viommus.computeIfAbsent(index, ViommuInstance::new);
    }

    /** The vIOMMUs that drive devices now, in the order of the configuration. */
    List<GuestIommu> guestIommus() {
        return viommus.values().stream()
                .filter(instance -> !instance.endpoints().isEmpty())
                .flatMap(instance -> instance.guest().stream())
                .toList();
    }

    /** The iommufd, for a caller that is a user of it. */
    Iommufd iommufd() {
        Iommufd open = iommufd;
        if (open == null) {
            throw new IllegalStateException("no device uses the iommufd of this VMM");
        }
        return open;
    }

    /** The iommufd; empty while no device uses it. */
    Optional<Iommufd> openIommufd() {
        return Optional.ofNullable(iommufd);
    }

    /** Opens the iommufd for its first user; gives its descriptor. */
    int connect() throws StepFailure {
        if (iommufd == null) {
            Iommufd context = kernel.open(process);
            because(AttachStep.BIND);
            iommufdDescriptor =
                    require(AttachStep.BIND, OPEN_IOMMUFD, kernel.open(context.name(), IOMMUFD, context::install));
            iommufd = context;
        }
        iommufdUsers++;
        return iommufdDescriptor;
    }

    /** Closes the iommufd after its last user. */
    void disconnect() {
        if (--iommufdUsers == 0) {
            kernel.close(process, iommufd().name(), iommufdDescriptor);
            iommufd = null;
        }
    }

    /** Tells whoever traces the kernel what step the calls from here on belong to. */
    void because(AttachStep step) {
        kernel.because(step.name());
    }

    /** Makes a call that the attach path cannot go on without. */
    <R> R call(AttachStep step, Ioctl<R> ioctl) throws StepFailure {
        because(step);
        return require(step, ioctl.name(), iommufd().call(ioctl));
    }

    /** A call of the viommu family, which older kernels do not know: ENOTTY. */
    <R> R callViommu(AttachStep step, Ioctl<R> ioctl) throws StepFailure {
        because(step);
        return require(step, ioctl.name(), tryViommu(ioctl));
    }

    /** The same, for a caller that looks at the result itself. */
    <R> Result<R> tryViommu(Ioctl<R> ioctl) {
        return kernel.behaviour().lastIoctl() < FIRST_VIOMMU_IOCTL
                ? Result.failed(Errno.ENOTTY)
                : iommufd().call(ioctl);
    }

    /** Destroys an object; a failure is only noted. */
    boolean destroy(int id, UndoStack undo) {
        Result<?> result = iommufd().call(new Destroy(id));
        undo.report("DESTROY", result);
        return result.isOk();
    }
}
