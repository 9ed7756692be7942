package io.viommufleet.agent.uapi;

import io.viommufleet.agent.iommufd.ChangeProcess;
import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.FaultQueueAlloc;
import io.viommufleet.agent.iommufd.GetDirtyBitmap;
import io.viommufleet.agent.iommufd.GetHwInfo;
import io.viommufleet.agent.iommufd.HwQueueAlloc;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptInvalidate;
import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.IoasAllowIovas;
import io.viommufleet.agent.iommufd.IoasCopy;
import io.viommufleet.agent.iommufd.IoasIovaRanges;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasMapFile;
import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.SetDirtyTracking;
import io.viommufleet.agent.iommufd.SetOption;
import io.viommufleet.agent.iommufd.VdeviceAlloc;
import io.viommufleet.agent.iommufd.VeventqAlloc;
import io.viommufleet.agent.iommufd.VfioIoas;
import io.viommufleet.agent.iommufd.ViommuAlloc;
import io.viommufleet.agent.iommufd.driver.UserData;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The ioctls of {@code /dev/iommu}, DESTROY (0x3b80) to HW_QUEUE_ALLOC (0x3b94), as {@code uapi/linux/iommufd.h} of Linux 7.0 lays them out. */
public final class IommufdIoctls {
    private static final IoctlCodec<Destroy, Ioctl.Done> DESTROY = IoctlCodec.of(
            StructLayout.of("DESTROY", 0x3b80).in32("id"),
            Destroy.class,
            (struct, pointers) -> new Destroy(struct.get32("id")),
            (call, struct) -> struct.set("id", call.id()),
            IommufdIoctls::nothing);

    private static final IoctlCodec<IoasAlloc, IoasAlloc.Allocated> IOAS_ALLOC = IoctlCodec.of(
                    StructLayout.of("IOAS_ALLOC", 0x3b81).in32("flags").out32("out_ioas_id"),
                    IoasAlloc.class,
                    (struct, pointers) -> new IoasAlloc(struct.get32("flags")),
                    (call, struct) -> struct.set("flags", call.flags()),
                    (IoasAlloc.Allocated made, Struct struct) -> struct.set("out_ioas_id", made.ioasId()))
            .undoneBy((made, context) -> context.call(new Destroy(made.ioasId())));

    private static final IoctlCodec<IoasAllowIovas, Ioctl.Done> IOAS_ALLOW_IOVAS = IoctlCodec.of(
            StructLayout.of("IOAS_ALLOW_IOVAS", 0x3b82)
                    .in32("ioas_id", "num_iovas", "__reserved")
                    .in64("allowed_iovas"),
            IoasAllowIovas.class,
            (struct, pointers) -> new IoasAllowIovas(
                    struct.get32("ioas_id"),
                    struct.get32("num_iovas"),
                    pointers.at(struct, "allowed_iovas"),
                    struct.get32("__reserved")),
            (call, struct) -> struct.set("ioas_id", call.ioasId())
                    .set("num_iovas", call.numIovas())
                    .set("__reserved", call.reserved()),
            IommufdIoctls::nothing);

    private static final IoctlCodec<IoasCopy, IoasMap.Mapped> IOAS_COPY = IoctlCodec.of(
            StructLayout.of("IOAS_COPY", 0x3b83)
                    .in32("flags", "dst_ioas_id", "src_ioas_id")
                    .in64("length")
                    .inOut64("dst_iova")
                    .in64("src_iova"),
            IoasCopy.class,
            (struct, pointers) -> new IoasCopy(
                    struct.get32("flags"),
                    struct.get32("dst_ioas_id"),
                    struct.get32("src_ioas_id"),
                    struct.get("length"),
                    struct.get("dst_iova"),
                    struct.get("src_iova")),
            (call, struct) -> struct.set("flags", call.flags())
                    .set("dst_ioas_id", call.dstIoasId())
                    .set("src_ioas_id", call.srcIoasId())
                    .set("length", call.lengthBytes())
                    .set("dst_iova", call.dstIova())
                    .set("src_iova", call.srcIova()),
            (mapped, struct) -> struct.set("dst_iova", mapped.iova()));

    private static final IoctlCodec<IoasIovaRanges, IoasIovaRanges.Ranges> IOAS_IOVA_RANGES = IoctlCodec.of(
            StructLayout.of("IOAS_IOVA_RANGES", 0x3b84)
                    .in32("ioas_id")
                    .inOut32("num_iovas")
                    .in32("__reserved")
                    .in64("allowed_iovas")
                    .out64("out_iova_alignment"),
            IoasIovaRanges.class,
            (struct, pointers) -> new IoasIovaRanges(
                    struct.get32("ioas_id"),
                    struct.get32("num_iovas"),
                    pointers.at(struct, "allowed_iovas"),
                    struct.get32("__reserved")),
            (call, struct) -> struct.set("ioas_id", call.ioasId())
                    .set("num_iovas", call.numIovas())
                    .set("__reserved", call.reserved()),
            (ranges, struct) ->
                    struct.set("num_iovas", ranges.all().size()).set("out_iova_alignment", ranges.alignment()));

    private static final IoctlCodec<IoasMap, IoasMap.Mapped> IOAS_MAP = IoctlCodec.of(
            StructLayout.of("IOAS_MAP", 0x3b85)
                    .in32("flags", "ioas_id", "__reserved")
                    .in64("user_va", "length")
                    .inOut64("iova"),
            IoasMap.class,
            (struct, pointers) -> new IoasMap(
                    struct.get32("flags"),
                    struct.get32("ioas_id"),
                    struct.get("user_va"),
                    struct.get("length"),
                    struct.get("iova"),
                    struct.get32("__reserved")),
            (call, struct) -> struct.set("flags", call.flags())
                    .set("ioas_id", call.ioasId())
                    .set("__reserved", call.reserved())
                    .set("user_va", call.userVa())
                    .set("length", call.lengthBytes())
                    .set("iova", call.iova()),
            (mapped, struct) -> struct.set("iova", mapped.iova()));

    private static final IoctlCodec<IoasUnmap, IoasUnmap.Unmapped> IOAS_UNMAP = IoctlCodec.of(
            StructLayout.of("IOAS_UNMAP", 0x3b86).in32("ioas_id").in64("iova").inOut64("length"),
            IoasUnmap.class,
            (struct, pointers) -> new IoasUnmap(struct.get32("ioas_id"), struct.get("iova"), struct.get("length")),
            (call, struct) -> struct.set("ioas_id", call.ioasId())
                    .set("iova", call.iova())
                    .set("length", call.lengthBytes()),
            (unmapped, struct) -> struct.set("length", unmapped.lengthBytes()));

    private static final IoctlCodec<SetOption, SetOption.Value> OPTION = IoctlCodec.of(
            StructLayout.of("OPTION", 0x3b87)
                    .in32("option_id")
                    .in16("op")
                    .in16("__reserved")
                    .in32("object_id")
                    .inOut64("val64"),
            SetOption.class,
            (struct, pointers) -> new SetOption(
                    struct.get32("option_id"),
                    struct.get32("op"),
                    struct.get32("object_id"),
                    struct.get("val64"),
                    struct.get32("__reserved")),
            (call, struct) -> struct.set("option_id", call.optionId())
                    .set("op", call.op())
                    .set("__reserved", call.reserved())
                    .set("object_id", call.objectId())
                    .set("val64", call.value()),
            (value, struct) -> struct.set("val64", value.value()));

    private static final IoctlCodec<VfioIoas, VfioIoas.Current> VFIO_IOAS = IoctlCodec.of(
            StructLayout.of("VFIO_IOAS", 0x3b88).inOut32("ioas_id").in16("op").in16("__reserved"),
            VfioIoas.class,
            (struct, pointers) -> new VfioIoas(struct.get32("ioas_id"), struct.get32("op"), struct.get32("__reserved")),
            (call, struct) ->
                    struct.set("ioas_id", call.ioasId()).set("op", call.op()).set("__reserved", call.reserved()),
            (current, struct) -> struct.set("ioas_id", current.ioasId()));

    private static final IoctlCodec<HwptAlloc, HwptAlloc.Allocated> HWPT_ALLOC = IoctlCodec.of(
                    StructLayout.of("HWPT_ALLOC", 0x3b89)
                            .in32("flags", "dev_id", "pt_id")
                            .out32("out_hwpt_id")
                            .in32("__reserved")
                            .optionalFromHere()
                            .in32("data_type", "data_len")
                            .in64("data_uptr")
                            .in32("fault_id", "__reserved2"),
                    HwptAlloc.class,
                    (struct, pointers) -> new HwptAlloc(
                            struct.get32("flags"),
                            struct.get32("dev_id"),
                            struct.get32("pt_id"),
                            new UserData(
                                    struct.get32("data_type"),
                                    struct.get32("data_len"),
                                    pointers.at(struct, "data_uptr")),
                            struct.get32("fault_id"),
                            struct.get32("__reserved")),
                    (call, struct) -> struct.set("flags", call.flags())
                            .set("dev_id", call.devId())
                            .set("pt_id", call.ptId())
                            .set("__reserved", call.reserved())
                            .set("data_type", call.data().type())
                            .set("data_len", call.data().lengthBytes())
                            .set("fault_id", call.faultId()),
                    (HwptAlloc.Allocated made, Struct struct) -> struct.set("out_hwpt_id", made.hwptId()))
            .undoneBy((made, context) -> context.call(new Destroy(made.hwptId())));

    private static final IoctlCodec<GetHwInfo, GetHwInfo.HardwareFacts> GET_HW_INFO = IoctlCodec.of(
            StructLayout.of("GET_HW_INFO", 0x3b8a)
                    .in32("flags", "dev_id")
                    .inOut32("data_len")
                    .in64("data_uptr")
                    .inOut32("data_type")
                    .out8("out_max_pasid_log2")
                    .in8("reserved0")
                    .in8("reserved1")
                    .in8("reserved2")
                    .optionalFromHere()
                    .out64("out_capabilities"),
            GetHwInfo.class,
            (struct, pointers) -> new GetHwInfo(
                    struct.get32("flags"),
                    struct.get32("dev_id"),
                    struct.get32("data_type"),
                    struct.get32("data_len"),
                    pointers.at(struct, "data_uptr"),
                    struct.get32("reserved0") | struct.get32("reserved1") | struct.get32("reserved2")),
            (call, struct) -> struct.set("flags", call.flags())
                    .set("dev_id", call.devId())
                    .set("data_len", call.dataLengthBytes())
                    .set("data_type", call.inputType())
                    .set("reserved0", call.reserved()),
            (facts, struct) -> struct.set("data_len", facts.hardware().lengthBytes())
                    .set("data_type", facts.hardware().type())
                    .set("out_max_pasid_log2", facts.maxPasidLog2())
                    .set("out_capabilities", facts.capabilities()));

    private static final IoctlCodec<SetDirtyTracking, Ioctl.Done> HWPT_SET_DIRTY_TRACKING = IoctlCodec.of(
            StructLayout.of("HWPT_SET_DIRTY_TRACKING", 0x3b8b).in32("flags", "hwpt_id", "__reserved"),
            SetDirtyTracking.class,
            (struct, pointers) -> new SetDirtyTracking(struct.get32("flags"), struct.get32("hwpt_id")),
            (call, struct) -> struct.set("flags", call.flags()).set("hwpt_id", call.hwptId()),
            IommufdIoctls::nothing);

    private static final IoctlCodec<GetDirtyBitmap, Ioctl.Done> HWPT_GET_DIRTY_BITMAP = IoctlCodec.of(
            StructLayout.of("HWPT_GET_DIRTY_BITMAP", 0x3b8c)
                    .in32("hwpt_id", "flags", "__reserved")
                    .in64("iova", "length", "page_size", "data"),
            GetDirtyBitmap.class,
            (struct, pointers) -> new GetDirtyBitmap(
                    struct.get32("flags"),
                    struct.get32("hwpt_id"),
                    struct.get("iova"),
                    struct.get("length"),
                    struct.get("page_size"),
                    pointers.at(struct, "data"),
                    struct.get32("__reserved")),
            (call, struct) -> struct.set("hwpt_id", call.hwptId())
                    .set("flags", call.flags())
                    .set("__reserved", call.reserved())
                    .set("iova", call.iova())
                    .set("length", call.lengthBytes())
                    .set("page_size", call.pageSizeBytes()),
            IommufdIoctls::nothing);

    private static final IoctlCodec<HwptInvalidate, HwptInvalidate.Handled> HWPT_INVALIDATE = IoctlCodec.of(
            StructLayout.of("HWPT_INVALIDATE", 0x3b8d)
                    .in32("hwpt_id")
                    .in64("data_uptr")
                    .in32("data_type", "entry_len")
                    .inOut32("entry_num")
                    .in32("__reserved"),
            HwptInvalidate.class,
            (struct, pointers) -> new HwptInvalidate(
                    struct.get32("hwpt_id"),
                    struct.get32("data_type"),
                    struct.get32("entry_len"),
                    struct.get32("entry_num"),
                    pointers.at(struct, "data_uptr"),
                    struct.get32("__reserved")),
            (call, struct) -> struct.set("hwpt_id", call.hwptId())
                    .set("data_type", call.dataType())
                    .set("entry_len", call.entryBytes())
                    .set("entry_num", call.entryCount())
                    .set("__reserved", call.reserved()),
            (handled, struct) -> struct.set("entry_num", handled.entryCount()));

    private static final IoctlCodec<FaultQueueAlloc, FaultQueueAlloc.Allocated> FAULT_QUEUE_ALLOC = IoctlCodec.of(
                    StructLayout.of("FAULT_QUEUE_ALLOC", 0x3b8e).in32("flags").out32("out_fault_id", "out_fault_fd"),
                    FaultQueueAlloc.class,
                    (struct, pointers) -> new FaultQueueAlloc(struct.get32("flags")),
                    (call, struct) -> struct.set("flags", call.flags()),
                    (FaultQueueAlloc.Allocated made, Struct struct) ->
                            struct.set("out_fault_id", made.faultId()).set("out_fault_fd", made.fd()))
            .undoneBy((made, context) -> closeAndDestroy(context, made.fd(), made.faultId()));

    private static final IoctlCodec<IoasMapFile, IoasMap.Mapped> IOAS_MAP_FILE = IoctlCodec.of(
            StructLayout.of("IOAS_MAP_FILE", 0x3b8f)
                    .in32("flags", "ioas_id", "fd")
                    .in64("start", "length")
                    .inOut64("iova"),
            IoasMapFile.class,
            (struct, pointers) -> new IoasMapFile(
                    struct.get32("flags"),
                    struct.get32("ioas_id"),
                    struct.get32("fd"),
                    struct.get("start"),
                    struct.get("length"),
                    struct.get("iova")),
            (call, struct) -> struct.set("flags", call.flags())
                    .set("ioas_id", call.ioasId())
                    .set("fd", call.fd())
                    .set("start", call.start())
                    .set("length", call.lengthBytes())
                    .set("iova", call.iova()),
            (mapped, struct) -> struct.set("iova", mapped.iova()));

    private static final IoctlCodec<ViommuAlloc, ViommuAlloc.Allocated> VIOMMU_ALLOC = IoctlCodec.of(
                    StructLayout.of("VIOMMU_ALLOC", 0x3b90)
                            .in32("flags", "type", "dev_id", "hwpt_id")
                            .out32("out_viommu_id")
                            .optionalFromHere()
                            .in32("data_len", "__reserved")
                            .in64("data_uptr"),
                    ViommuAlloc.class,
                    (struct, pointers) -> new ViommuAlloc(
                            struct.get32("flags"),
                            struct.get32("dev_id"),
                            struct.get32("hwpt_id"),
                            new UserData(
                                    struct.get32("type"), struct.get32("data_len"), pointers.at(struct, "data_uptr"))),
                    (call, struct) -> struct.set("flags", call.flags())
                            .set("type", call.data().type())
                            .set("dev_id", call.devId())
                            .set("hwpt_id", call.hwptId())
                            .set("data_len", call.data().lengthBytes()),
                    (ViommuAlloc.Allocated made, Struct struct) -> struct.set("out_viommu_id", made.viommuId()))
            .undoneBy((made, context) -> context.call(new Destroy(made.viommuId())));

    private static final IoctlCodec<VdeviceAlloc, VdeviceAlloc.Allocated> VDEVICE_ALLOC = IoctlCodec.of(
                    StructLayout.of("VDEVICE_ALLOC", 0x3b91)
                            .in32("viommu_id", "dev_id")
                            .out32("out_vdevice_id")
                            .in64("virt_id"),
                    VdeviceAlloc.class,
                    (struct, pointers) ->
                            new VdeviceAlloc(struct.get32("viommu_id"), struct.get32("dev_id"), struct.get("virt_id")),
                    (call, struct) -> struct.set("viommu_id", call.viommuId())
                            .set("dev_id", call.devId())
                            .set("virt_id", call.virtualId()),
                    (VdeviceAlloc.Allocated made, Struct struct) -> struct.set("out_vdevice_id", made.vdeviceId()))
            .undoneBy((made, context) -> context.call(new Destroy(made.vdeviceId())));

    private static final IoctlCodec<ChangeProcess, Ioctl.Done> IOAS_CHANGE_PROCESS = IoctlCodec.of(
            StructLayout.of("IOAS_CHANGE_PROCESS", 0x3b92).in32("__reserved"),
            ChangeProcess.class,
            (struct, pointers) -> new ChangeProcess(struct.get32("__reserved")),
            (call, struct) -> struct.set("__reserved", call.reserved()),
            IommufdIoctls::nothing);

    private static final IoctlCodec<VeventqAlloc, VeventqAlloc.Allocated> VEVENTQ_ALLOC = IoctlCodec.of(
                    StructLayout.of("VEVENTQ_ALLOC", 0x3b93)
                            .in32("flags", "viommu_id", "type", "veventq_depth")
                            .out32("out_veventq_id", "out_veventq_fd")
                            .optionalFromHere()
                            .in32("__reserved"),
                    VeventqAlloc.class,
                    (struct, pointers) -> new VeventqAlloc(
                            struct.get32("flags"),
                            struct.get32("viommu_id"),
                            struct.get32("type"),
                            struct.get32("veventq_depth"),
                            struct.get32("__reserved")),
                    (call, struct) -> struct.set("flags", call.flags())
                            .set("viommu_id", call.viommuId())
                            .set("type", call.type())
                            .set("veventq_depth", call.depth())
                            .set("__reserved", call.reserved()),
                    (VeventqAlloc.Allocated made, Struct struct) ->
                            struct.set("out_veventq_id", made.veventqId()).set("out_veventq_fd", made.fd()))
            .undoneBy((made, context) -> closeAndDestroy(context, made.fd(), made.veventqId()));

    private static final IoctlCodec<HwQueueAlloc, HwQueueAlloc.Allocated> HW_QUEUE_ALLOC = IoctlCodec.of(
                    StructLayout.of("HW_QUEUE_ALLOC", 0x3b94)
                            .in32("flags", "viommu_id", "type", "index")
                            .out32("out_hw_queue_id")
                            .in64("nesting_parent_iova", "length"),
                    HwQueueAlloc.class,
                    (struct, pointers) -> new HwQueueAlloc(
                            struct.get32("flags"),
                            struct.get32("viommu_id"),
                            struct.get32("type"),
                            struct.get32("index"),
                            struct.get("nesting_parent_iova"),
                            struct.get("length")),
                    (call, struct) -> struct.set("flags", call.flags())
                            .set("viommu_id", call.viommuId())
                            .set("type", call.type())
                            .set("index", call.index())
                            .set("nesting_parent_iova", call.iova())
                            .set("length", call.lengthBytes()),
                    (HwQueueAlloc.Allocated made, Struct struct) -> struct.set("out_hw_queue_id", made.hwQueueId()))
            .undoneBy((made, context) -> context.call(new Destroy(made.hwQueueId())));

    /** The size of IOMMU_TEST_CMD (0x3ba0): a union, of which the first fields are the same for every operation, in 32-bit words. */
    public static final StructLayout TEST_CMD = StructLayout.of("TEST_CMD", 0x3ba0)
            .in32("op", "id", "__reserved", "word4", "word5", "word6", "word7", "word8", "word9", "word10", "word11")
            .in32("word12", "word13", "word14", "word15", "word16")
            .optionalFromHere()
            .in32("word17")
            .build();

    private static final List<IoctlCodec<?, ?>> ALL = List.of(
            DESTROY,
            IOAS_ALLOC,
            IOAS_ALLOW_IOVAS,
            IOAS_COPY,
            IOAS_IOVA_RANGES,
            IOAS_MAP,
            IOAS_UNMAP,
            OPTION,
            VFIO_IOAS,
            HWPT_ALLOC,
            GET_HW_INFO,
            HWPT_SET_DIRTY_TRACKING,
            HWPT_GET_DIRTY_BITMAP,
            HWPT_INVALIDATE,
            FAULT_QUEUE_ALLOC,
            IOAS_MAP_FILE,
            VIOMMU_ALLOC,
            VDEVICE_ALLOC,
            IOAS_CHANGE_PROCESS,
            VEVENTQ_ALLOC,
            HW_QUEUE_ALLOC);

    private static final Map<String, IoctlCodec<?, ?>> BY_NAME =
            ALL.stream().collect(Collectors.toMap(codec -> codec.layout().name(), Function.identity()));

    private IommufdIoctls() {}

    /** Every ioctl in the order of its number. */
    public static List<IoctlCodec<?, ?>> all() {
        return ALL;
    }

    /** The ioctl of a name such as {@code HWPT_ALLOC}, or null. */
    public static @Nullable IoctlCodec<?, ?> named(String name) {
        return BY_NAME.get(name);
    }

    private static <R> void nothing(R result, Struct struct) {
        // the struct has no output
    }

    private static void closeAndDestroy(Iommufd context, int fd, int id) {
        context.currentProcess().files().close(fd);
        context.call(new Destroy(id));
    }
}
