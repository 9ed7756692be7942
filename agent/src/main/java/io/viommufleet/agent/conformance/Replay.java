package io.viommufleet.agent.conformance;

import static io.viommufleet.agent.iommufd.system.Errno.E2BIG;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOTTY;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.FaultQueueAlloc;
import io.viommufleet.agent.iommufd.GetDirtyBitmap;
import io.viommufleet.agent.iommufd.GetHwInfo;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptInvalidate;
import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.IoasAllowIovas;
import io.viommufleet.agent.iommufd.IoasCopy;
import io.viommufleet.agent.iommufd.IoasIovaRanges;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.SetDirtyTracking;
import io.viommufleet.agent.iommufd.SetOption;
import io.viommufleet.agent.iommufd.VfioIoas;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.vfio.AttachPt;
import io.viommufleet.agent.vfio.BindIommufd;
import io.viommufleet.agent.vfio.DetachPt;
import io.viommufleet.agent.vfio.DeviceInfo;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/** Executes the ops of one trace of the VFIO mode, from their inputs alone. */
final class Replay {
    private final Machine machine;
    private final Map<Integer, Iommufd> contexts = new HashMap<>();
    private final Map<String, VfioDeviceFile> files = new HashMap<>();

    Replay(Machine machine) {
        this.machine = machine;
    }

    Outcome run(Operation op) {
        return switch (op.name()) {
            case "CTX_OPEN" -> openContext(op);
            case "DEV_OPEN" -> openDevice(op);
            case "CTX_CLOSE", "DEV_CLOSE", "FAULT_CLOSE" -> {
                machine.process().files().close(op.number("fd"));
                yield Outcome.of(0);
            }
            case "RAW_IOCTL" -> failed(ENOTTY);
            case "DEV_BIND" -> bind(op);
            case "DEV_ATTACH" -> attach(op);
            case "DEV_DETACH" -> detach(op);
            case "DEV_GET_INFO" -> deviceInfo(op);
            default -> sized(op);
        };
    }

    private Outcome openContext(Operation op) {
        Iommufd context = machine.kernel().open(machine.process());
        contexts.put(op.index("ctx"), context);
        return Outcome.of(context.install());
    }

    private Outcome openDevice(Operation op) {
        VfioDeviceFile file = machine.device(op.index("dev")).open(machine.process());
        files.put(key(op), file);
        return Outcome.of(file.install());
    }

    private static String key(Operation op) {
        return op.index("dev") + "/" + op.index("slot");
    }

    private VfioDeviceFile file(Operation op) {
        return Objects.requireNonNull(files.get(key(op)), "device file is not open");
    }

    private Outcome bind(Operation op) {
        BindIommufd call = new BindIommufd(
                op.number("argsz"), op.number("flags"), op.number("iommufd"), buffer(op.wide("token_uuid_ptr")));
        return Outcome.of(file(op).bind(call), (bound, out) -> out.put("out_devid", String.valueOf(bound.devId())));
    }

    private Outcome attach(Operation op) {
        AttachPt call = new AttachPt(op.number("argsz"), op.number("flags"), op.number("pt_id"), op.number("pasid"));
        return Outcome.of(file(op).attach(call), (attached, out) -> out.put("pt_id", String.valueOf(attached.ptId())));
    }

    private Outcome detach(Operation op) {
        DetachPt call = new DetachPt(op.number("argsz"), op.number("flags"), op.number("pasid"));
        return Outcome.of(file(op).detach(call), (done, out) -> {});
    }

    private Outcome deviceInfo(Operation op) {
        Result<DeviceInfo> result = file(op).getInfo(op.number("argsz"));
        DeviceInfo info = result.isOk() ? result.value() : new DeviceInfo(0, 0, 0);
        Map<String, String> out = new HashMap<>();
        out.put("argsz", Integer.toUnsignedString(op.number("argsz")));
        out.put("flags", String.valueOf(info.flags()));
        out.put("num_regions", String.valueOf(info.regions()));
        out.put("num_irqs", String.valueOf(info.interrupts()));
        out.put("cap_offset", "0");
        return new Outcome(result.code(), out);
    }

    /** The struct-size rule of the iommufd ioctls: EINVAL below the minimum, E2BIG for a non-zero tail. */
    private Outcome sized(Operation op) {
        int known = knownBytes(op.name());
        int minimum = op.name().equals("HWPT_ALLOC") ? 24 : op.name().equals("GET_HW_INFO") ? 32 : known;
        int size = op.number("size");
        if (Integer.compareUnsigned(size, minimum) < 0) {
            return failed(EINVAL);
        }
        return op.hasTail(size, known) ? failed(E2BIG) : ioctl(op);
    }

    private static int knownBytes(String name) {
        return switch (name) {
            case "DESTROY" -> 8;
            case "IOAS_ALLOC", "VFIO_IOAS" -> 12;
            case "FAULT_QUEUE_ALLOC", "HWPT_SET_DIRTY_TRACKING" -> 16;
            case "IOAS_ALLOW_IOVAS", "IOAS_UNMAP", "OPTION" -> 24;
            case "IOAS_IOVA_RANGES", "HWPT_INVALIDATE" -> 32;
            case "HWPT_ALLOC", "HWPT_GET_DIRTY_BITMAP" -> 48;
            default -> 40;
        };
    }

    private Outcome ioctl(Operation op) {
        Iommufd context = Objects.requireNonNull(contexts.get(op.index("ctx")), "context is not open");
        return switch (op.name()) {
            case "DESTROY" -> Outcome.of(context.call(new Destroy(op.number("id"))), (done, out) -> {});
            case "IOAS_ALLOC" ->
                Outcome.of(
                        context.call(new IoasAlloc(op.number("flags"))),
                        (ioas, out) -> out.put("out_ioas_id", String.valueOf(ioas.ioasId())));
            case "IOAS_MAP" -> map(context, op);
            case "IOAS_COPY" -> copy(context, op);
            case "IOAS_UNMAP" ->
                Outcome.of(
                        context.call(new IoasUnmap(op.number("ioas_id"), op.wide("iova"), op.wide("length"))),
                        (unmapped, out) -> out.put("length", hex(unmapped.lengthBytes())));
            case "IOAS_IOVA_RANGES" -> ranges(context, op);
            case "IOAS_ALLOW_IOVAS" -> allow(context, op);
            case "OPTION" -> option(context, op);
            case "VFIO_IOAS" ->
                Outcome.of(
                        context.call(new VfioIoas(op.number("ioas_id"), op.number("op"), op.number("__reserved"))),
                        (current, out) -> out.put("ioas_id", Integer.toUnsignedString(current.ioasId())));
            case "HWPT_ALLOC" -> allocateHwpt(context, op);
            case "GET_HW_INFO" -> hardwareInfo(context, op);
            case "HWPT_INVALIDATE" -> invalidate(context, op);
            case "HWPT_SET_DIRTY_TRACKING" ->
                Outcome.of(
                        context.call(new SetDirtyTracking(op.number("flags"), op.number("hwpt_id"))),
                        (done, out) -> {});
            case "HWPT_GET_DIRTY_BITMAP" -> dirtyBitmap(context, op);
            case "FAULT_QUEUE_ALLOC" ->
                Outcome.of(context.call(new FaultQueueAlloc(op.number("flags"))), (queue, out) -> {
                    out.put("out_fault_id", String.valueOf(queue.faultId()));
                    out.put("out_fault_fd", String.valueOf(queue.fd()));
                });
            default -> new Outcome(0, Map.of("op", "not replayed"));
        };
    }

    private Outcome map(Iommufd context, Operation op) {
        IoasMap call = new IoasMap(
                op.number("flags"),
                op.number("ioas_id"),
                op.wide("user_va"),
                op.wide("length"),
                op.wide("iova"),
                op.number("__reserved"));
        return Outcome.of(context.call(call), (mapped, out) -> out.put("iova", hex(mapped.iova())));
    }

    private Outcome copy(Iommufd context, Operation op) {
        IoasCopy call = new IoasCopy(
                op.number("flags"),
                op.number("dst_ioas_id"),
                op.number("src_ioas_id"),
                op.wide("length"),
                op.wide("dst_iova"),
                op.wide("src_iova"));
        return Outcome.of(context.call(call), (mapped, out) -> out.put("dst_iova", hex(mapped.iova())));
    }

    private Outcome ranges(Iommufd context, Operation op) {
        IoasIovaRanges call = new IoasIovaRanges(
                op.number("ioas_id"),
                op.number("num_iovas"),
                buffer(op.wide("allowed_iovas")),
                op.number("__reserved"));
        return Outcome.of(context.call(call), (ranges, out) -> {
            out.put("num_iovas", String.valueOf(ranges.all().size()));
            out.put("out_iova_alignment", hex(ranges.alignment()));
            StringBuilder written = new StringBuilder();
            ranges.all().stream()
                    .limit(Integer.toUnsignedLong(op.number("num_iovas")))
                    .forEach(range -> written.append(written.isEmpty() ? "" : ",")
                            .append("[\"%s\",\"%s\"]".formatted(hex(range.start()), hex(range.last()))));
            out.put("ranges", "[" + written + "]");
        });
    }

    private Outcome allow(Iommufd context, Operation op) {
        JsonNode given = op.node().path("ranges_in");
        ByteBuffer array = ByteBuffer.allocate(given.size() * 16).order(ByteOrder.LITTLE_ENDIAN);
        for (JsonNode range : given) {
            for (JsonNode end : range) {
                array.putLong(Long.parseUnsignedLong(end.asString().substring(2), 16));
            }
        }
        store(op.wide("allowed_iovas"), array.array());
        IoasAllowIovas call = new IoasAllowIovas(
                op.number("ioas_id"),
                op.number("num_iovas"),
                buffer(op.wide("allowed_iovas")),
                op.number("__reserved"));
        return Outcome.of(context.call(call), (done, out) -> {});
    }

    private Outcome option(Iommufd context, Operation op) {
        SetOption call = new SetOption(
                op.number("option_id"),
                op.number("op"),
                op.number("object_id"),
                op.wide("val64"),
                op.number("__reserved"));
        return Outcome.of(context.call(call), (value, out) -> out.put("val64", hex(value.value())));
    }

    private Outcome allocateHwpt(Iommufd context, Operation op) {
        storeInput(op);
        UserBuffer data = buffer(op.number("size") >= 40 ? op.wide("data_uptr") : 0);
        HwptAlloc call = new HwptAlloc(
                op.number("flags"),
                op.number("dev_id"),
                op.number("pt_id"),
                new UserData(op.number("data_type", 24), op.number("data_len", 28), data),
                op.number("fault_id", 40),
                op.number("__reserved"));
        return Outcome.of(context.call(call), (hwpt, out) -> out.put("out_hwpt_id", String.valueOf(hwpt.hwptId())));
    }

    private Outcome hardwareInfo(Iommufd context, Operation op) {
        byte[] filled = new byte[(int) Math.min(64, Integer.toUnsignedLong(op.number("data_len")))];
        Arrays.fill(filled, (byte) 0xaa);
        store(op.wide("data_uptr"), filled);
        int reserved = op.number("reserved0") | (op.node().has("reserved_123") ? 1 : 0);
        GetHwInfo call = new GetHwInfo(
                op.number("flags"),
                op.number("dev_id"),
                op.number("in_data_type"),
                op.number("data_len"),
                buffer(op.wide("data_uptr")),
                reserved);
        return Outcome.of(context.call(call), (info, out) -> {
            out.put("data_len", String.valueOf(info.hardware().lengthBytes()));
            out.put("out_data_type", Integer.toUnsignedString(info.hardware().type()));
            out.put("out_max_pasid_log2", String.valueOf(info.maxPasidLog2()));
            out.put("out_capabilities", hex(info.capabilities()));
            if (filled.length > 0) {
                out.put("data_out", load(op.wide("data_uptr"), filled.length));
            }
        });
    }

    private Outcome invalidate(Iommufd context, Operation op) {
        storeInput(op);
        HwptInvalidate call = new HwptInvalidate(
                op.number("hwpt_id"),
                op.number("data_type"),
                op.number("entry_len"),
                op.number("entry_num"),
                buffer(op.wide("data_uptr")),
                op.number("__reserved"));
        Result<HwptInvalidate.Handled> result = context.call(call);
        return Outcome.of(result, (handled, out) -> {
            if (result.isOk() || handled.entryCount() != op.number("entry_num")) {
                out.put("entry_num", Integer.toUnsignedString(handled.entryCount()));
            }
        });
    }

    private Outcome dirtyBitmap(Iommufd context, Operation op) {
        GetDirtyBitmap call = new GetDirtyBitmap(
                op.number("flags"),
                op.number("hwpt_id"),
                op.wide("iova"),
                op.wide("length"),
                op.wide("page_size"),
                buffer(op.wide("data")),
                op.number("__reserved"));
        return Outcome.of(context.call(call), (done, out) -> {});
    }

    private void storeInput(Operation op) {
        String hex = op.node().path("data_in").asString("");
        store(op.wide("data_uptr"), HexFormat.of().parseHex(hex));
    }

    /** Puts bytes where the recording program had them; an address that cannot be written had none. */
    private void store(long address, byte[] bytes) {
        try {
            machine.process().memory().write(address, bytes);
        } catch (KernelFailure unmapped) {
            assert unmapped.errno() == Errno.EFAULT;
        }
    }

    private String load(long address, int length) {
        byte[] bytes = new byte[length];
        try {
            machine.process().memory().read(address, bytes);
        } catch (KernelFailure unmapped) {
            return unmapped.errno().name();
        }
        return HexFormat.of().formatHex(bytes);
    }

    private UserBuffer buffer(long address) {
        return UserBuffer.at(machine.process().memory(), address);
    }

    private static Outcome failed(Errno errno) {
        return Outcome.of(-errno.number());
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
