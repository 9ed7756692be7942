package io.viommufleet.agent.vfio;

import static io.viommufleet.agent.iommufd.system.Errno.EBADF;
import static io.viommufleet.agent.iommufd.system.Errno.EBADFD;
import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOSPC;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.Device;
import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.OpenFile;
import io.viommufleet.agent.iommufd.system.UserProcess;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One open of a device's file. Until it is bound, nothing but binding works on it. */
public final class VfioDeviceFile implements OpenFile {
    private static final int NO_PASID = 0;
    private static final int TOKEN_BYTES = 16;

    private final VfioDevice device;
    private final UserProcess opener;
    private final TreeSet<Integer> attachedPasids = new TreeSet<>(Integer::compareUnsigned);
    private @Nullable Device binding;
    private boolean attached;

    VfioDeviceFile(VfioDevice device, UserProcess opener) {
        this.device = device;
        this.opener = opener;
    }

    /** Gives the file a descriptor in the process that opened it. */
    public int install() {
        return opener.files().install(this);
    }

    /** The device. */
    public VfioDevice device() {
        return device;
    }

    /** The binding, or null. */
    public @Nullable Device binding() {
        return binding;
    }

    /** VFIO_DEVICE_BIND_IOMMUFD. */
    public Result<BindIommufd.Bound> bind(BindIommufd arguments) {
        return run("VFIO_DEVICE_BIND_IOMMUFD", arguments, () -> doBind(arguments));
    }

    /** VFIO_DEVICE_ATTACH_IOMMUFD_PT; moves the device (or PASID) when it is attached already. VFIO has no room for PASIDs from 2^31 on: ENOSPC. */
    public Result<AttachPt.Attached> attach(AttachPt arguments) {
        return run("VFIO_DEVICE_ATTACH_IOMMUFD_PT", arguments, () -> doAttach(arguments));
    }

    /** VFIO_DEVICE_DETACH_IOMMUFD_PT; fine when nothing is attached. */
    public Result<Ioctl.Done> detach(DetachPt arguments) {
        return run("VFIO_DEVICE_DETACH_IOMMUFD_PT", arguments, () -> doDetach(arguments));
    }

    /** VFIO_DEVICE_GET_INFO, with the size that the caller gave. */
    public Result<DeviceInfo> getInfo(int argsz) {
        return run("VFIO_DEVICE_GET_INFO", argsz, () -> {
            requireBound();
            if (Integer.compareUnsigned(argsz, AttachPt.FULL_BYTES) < 0) {
                throw EINVAL.failure();
            }
            return device.info();
        });
    }

    /** VFIO_DEVICE_RESET. */
    public Result<Ioctl.Done> reset() {
        return run(ResetDevice.NAME, new ResetDevice(), () -> {
            requireBound();
            return device.reset();
        });
    }

    @Override
    public void release() {
        Device bound = binding;
        if (bound == null) {
            return;
        }
        attachedPasids.forEach(bound::detach);
        attachedPasids.clear();
        if (attached) {
            bound.detach(NO_PASID);
        }
        attached = false;
        binding = null;
        device.setBound(null);
        bound.unbind();
    }

    private BindIommufd.Bound doBind(BindIommufd arguments) throws KernelFailure {
        boolean tokenKnown = behaviourKnowsToken();
        int knownFlags = tokenKnown ? VfioFlags.BIND_TOKEN : 0;
        boolean tooShort = Integer.compareUnsigned(arguments.argsz(), BindIommufd.MIN_BYTES) < 0;
        if (tooShort || arguments.iommufd() < 0 || (arguments.flags() & ~knownFlags) != 0) {
            throw EINVAL.failure();
        }
        if (device.hardware().group().groupFileOpen()) {
            throw EBUSY.failure();
        }
        if (binding != null) {
            throw EINVAL.failure();
        }
        if ((arguments.flags() & VfioFlags.BIND_TOKEN) != 0) {
            refuseToken(arguments);
        }
        Iommufd context = contextOf(arguments.iommufd());
        if (device.bound() != null) {
            throw EINVAL.failure();
        }
        Device bound = context.bind(device.hardware(), true);
        binding = bound;
        device.setBound(this);
        return new BindIommufd.Bound(bound.id());
    }

    private AttachPt.Attached doAttach(AttachPt arguments) throws KernelFailure {
        Device bound = requireBound();
        checkSize(arguments.argsz(), AttachPt.MIN_BYTES);
        boolean forPasid = checkPasid(bound, arguments.flags(), arguments.argsz(), AttachPt.FULL_BYTES);
        int pasid = forPasid ? arguments.pasid() : NO_PASID;
        if (pasid < 0) {
            throw ENOSPC.failure();
        }
        boolean replaces = forPasid ? attachedPasids.contains(pasid) : attached;
        int used = replaces ? bound.replace(pasid, arguments.ptId()) : bound.attach(pasid, arguments.ptId());
        if (forPasid) {
            attachedPasids.add(pasid);
        } else {
            attached = true;
        }
        return new AttachPt.Attached(used);
    }

    private Ioctl.Done doDetach(DetachPt arguments) throws KernelFailure {
        Device bound = requireBound();
        checkSize(arguments.argsz(), DetachPt.MIN_BYTES);
        boolean forPasid = checkPasid(bound, arguments.flags(), arguments.argsz(), DetachPt.FULL_BYTES);
        if (forPasid) {
            if (attachedPasids.remove(arguments.pasid())) {
                bound.detach(arguments.pasid());
            }
        } else if (attached) {
            attached = false;
            bound.detach(NO_PASID);
        }
        return Ioctl.Done.DONE;
    }

    /** A token is for SR-IOV: vfio-pci refuses it, once read, for a function that is no PF and no VF of a PF that it drives. */
    private static void refuseToken(BindIommufd arguments) throws KernelFailure {
        arguments.token().read(0, new byte[TOKEN_BYTES]);
        throw EINVAL.failure();
    }

    private boolean checkPasid(Device bound, int flags, int argsz, int fullBytes) throws KernelFailure {
        int known = kernel().behaviour().has(Trait.ATTACH_KNOWS_PASID) ? VfioFlags.PASID : 0;
        if ((flags & ~known) != 0) {
            throw EINVAL.failure();
        }
        if (flags == 0) {
            return false;
        }
        if (!bound.hardware().traits().pci()) {
            throw EOPNOTSUPP.failure();
        }
        checkSize(argsz, fullBytes);
        return true;
    }

    private Iommufd contextOf(int fd) throws KernelFailure {
        return switch (opener.files().get(fd)) {
            case null -> throw EBADF.failure();
            case Iommufd context -> context;
            default -> throw EBADFD.failure();
        };
    }

    private Device requireBound() throws KernelFailure {
        Device bound = binding;
        if (bound == null) {
            throw EINVAL.failure();
        }
        return bound;
    }

    private static void checkSize(int argsz, int needed) throws KernelFailure {
        if (Integer.compareUnsigned(argsz, needed) < 0) {
            throw EINVAL.failure();
        }
    }

    private boolean behaviourKnowsToken() {
        return kernel().behaviour().bindKnownBytes() >= BindIommufd.FULL_BYTES;
    }

    private EmulatedKernel kernel() {
        return device.kernel();
    }

    private <R> Result<R> run(String call, Object arguments, EmulatedKernel.Body<R> body) {
        return kernel().run(device.name(), call, arguments, body);
    }
}
