package io.viommufleet.agent.uapi;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOTTY;

import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.iommufd.system.UserProcess;
import io.viommufleet.agent.vfio.AttachPt;
import io.viommufleet.agent.vfio.BindIommufd;
import io.viommufleet.agent.vfio.DetachPt;
import io.viommufleet.agent.vfio.DeviceInfo;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import java.lang.foreign.MemorySegment;
import java.util.function.BiConsumer;

/** The ioctls of a VFIO device's cdev that concern iommufd, as {@code uapi/linux/vfio.h} lays them out. */
public final class VfioDeviceIoctls {
    private static final int BIND_NUMBER = 0x3b76;
    private static final int ATTACH_NUMBER = 0x3b77;
    private static final int DETACH_NUMBER = 0x3b78;
    private static final int GET_INFO_NUMBER = 0x3b6b;

    /** VFIO_DEVICE_RESET, which has no struct. */
    public static final int RESET_NUMBER = 0x3b6f;

    /** VFIO_DEVICE_BIND_IOMMUFD. */
    public static final StructLayout BIND = StructLayout.ofVfio("DEV_BIND", BIND_NUMBER)
            .in32("flags", "iommufd")
            .out32("out_devid")
            .optionalFromHere()
            .in64("token_uuid_ptr")
            .build();

    /** VFIO_DEVICE_ATTACH_IOMMUFD_PT. */
    public static final StructLayout ATTACH = StructLayout.ofVfio("DEV_ATTACH", ATTACH_NUMBER)
            .in32("flags")
            .inOut32("pt_id")
            .optionalFromHere()
            .in32("pasid")
            .build();

    /** VFIO_DEVICE_DETACH_IOMMUFD_PT. */
    public static final StructLayout DETACH = StructLayout.ofVfio("DEV_DETACH", DETACH_NUMBER)
            .in32("flags")
            .optionalFromHere()
            .in32("pasid")
            .build();

    /** VFIO_DEVICE_GET_INFO. */
    public static final StructLayout GET_INFO = StructLayout.ofVfio("DEV_GET_INFO", GET_INFO_NUMBER)
            .out32("flags", "num_regions", "num_irqs")
            .optionalFromHere()
            .out32("cap_offset")
            .in32("pad")
            .build();

    private VfioDeviceIoctls() {}

    /** Calls an ioctl on an open device. Until the device is bound, binding it is the only call that it takes: all others are EINVAL. */
    static int call(UserProcess process, VfioDeviceFile file, int request, MemorySegment argument) {
        if (request != BIND_NUMBER && file.binding() == null) {
            return -EINVAL.number();
        }
        try {
            return switch (request) {
                case BIND_NUMBER -> bind(process, file, argument);
                case ATTACH_NUMBER -> attach(file, argument);
                case DETACH_NUMBER -> detach(file, argument);
                case GET_INFO_NUMBER -> getInfo(file, argument);
                case RESET_NUMBER -> file.reset().code();
                default -> -ENOTTY.number();
            };
        } catch (KernelFailure failure) {
            return -failure.errno().number();
        }
    }

    private static int bind(UserProcess process, VfioDeviceFile file, MemorySegment argument) throws KernelFailure {
        int known = file.device().kernel().behaviour().bindKnownBytes();
        Struct struct = Struct.copyFrom(argument, BIND, BindIommufd.MIN_BYTES, known);
        BindIommufd call = new BindIommufd(
                struct.get32("argsz"),
                struct.get32("flags"),
                struct.get32("iommufd"),
                UserBuffer.at(process.memory(), struct.get("token_uuid_ptr")));
        return finish(file.bind(call), struct, argument, (bound, out) -> out.set("out_devid", bound.devId()));
    }

    private static int attach(VfioDeviceFile file, MemorySegment argument) throws KernelFailure {
        Struct struct = Struct.copyHead(argument, ATTACH);
        AttachPt call = new AttachPt(
                struct.get32("argsz"), struct.get32("flags"), struct.get32("pt_id"), struct.get32("pasid"));
        return finish(file.attach(call), struct, argument, (attached, out) -> out.set("pt_id", attached.ptId()));
    }

    private static int detach(VfioDeviceFile file, MemorySegment argument) throws KernelFailure {
        Struct struct = Struct.copyHead(argument, DETACH);
        DetachPt call = new DetachPt(struct.get32("argsz"), struct.get32("flags"), struct.get32("pasid"));
        return file.detach(call).code();
    }

    private static int getInfo(VfioDeviceFile file, MemorySegment argument) throws KernelFailure {
        Struct struct = Struct.copyHead(argument, GET_INFO);
        Result<DeviceInfo> result = file.getInfo(struct.get32("argsz"));
        return finish(
                result,
                struct,
                argument,
                (info, out) -> out.set("flags", info.flags())
                        .set("num_regions", info.regions())
                        .set("num_irqs", info.interrupts())
                        .set("cap_offset", 0));
    }

    private static <R> int finish(Result<R> result, Struct struct, MemorySegment argument, BiConsumer<R, Struct> output)
            throws KernelFailure {
        if (result.isOk()) {
            output.accept(result.value(), struct);
            struct.copyTo(argument);
        }
        return result.code();
    }
}
