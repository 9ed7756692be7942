package io.viommufleet.agent.conformance;

import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.PageFault;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.selftest.AccessTests;
import io.viommufleet.agent.iommufd.selftest.DeviceTests;
import io.viommufleet.agent.iommufd.selftest.DmabufTests;
import io.viommufleet.agent.iommufd.selftest.DomainTests;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.uapi.IommufdIoctls;
import io.viommufleet.agent.uapi.Struct;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.ToLongFunction;

/** Executes the ops of the kernel's test module (IOMMU_TEST_CMD), whose union has no binary layout here: the recorded fields name what each needs. */
final class SelftestReplay {
    private static final int MAX_DATA_BYTES = 128;

    private final CallerMemory memory;

    SelftestReplay(CallerMemory memory) {
        this.memory = memory;
    }

    Outcome run(Operation op, Iommufd context) {
        try {
            Struct.copyFrom(Replay.struct(op, IommufdIoctls.TEST_CMD), IommufdIoctls.TEST_CMD);
        } catch (KernelFailure failure) {
            return Outcome.of(-failure.errno().number());
        }
        return switch (op.name()) {
            case "TEST_ADD_RESERVED" ->
                plain(context, new DomainTests.AddReserved(op.number("id"), op.wide("start"), op.wide("length")));
            case "TEST_MOCK_DOMAIN", "TEST_MOCK_DOMAIN_FLAGS" -> makeDevice(op, context);
            case "TEST_MOCK_DOMAIN_REPLACE", "TEST_PASID_REPLACE" ->
                attached(context, new DeviceTests.Replace(op.number("id"), op.number("pasid"), op.number("pt_id")));
            case "TEST_MD_CHECK_MAP" ->
                plain(
                        context,
                        new DomainTests.CheckMap(op.number("id"), op.wide("iova"), op.wide("length"), op.wide("uptr")));
            case "TEST_MD_CHECK_IOTLB" ->
                plain(context, new DomainTests.CheckNested(op.number("id"), op.number("iotlb_id"), op.number("iotlb")));
            case "TEST_DIRTY" -> markDirty(op, context);
            case "TEST_TRIGGER_IOPF" -> plain(context, new DeviceTests.TriggerFault(op.number("dev_id"), fault(op)));
            case "TEST_DEV_CHECK_CACHE" ->
                plain(context, new DeviceTests.CheckCache(op.number("id"), op.number("cache_id"), op.number("cache")));
            case "TEST_TRIGGER_VEVENT" -> plain(context, new DeviceTests.TriggerEvent(op.number("dev_id")));
            case "TEST_PASID_ATTACH" ->
                attached(context, new DeviceTests.AttachPasid(op.number("id"), op.number("pasid"), op.number("pt_id")));
            case "TEST_PASID_DETACH" ->
                plain(context, new DeviceTests.DetachPasid(op.number("id"), op.number("pasid")));
            case "TEST_PASID_CHECK_HWPT" ->
                plain(context, new DeviceTests.CheckPasid(op.number("id"), op.number("pasid"), op.number("hwpt_id")));
            case "TEST_DMABUF_GET" ->
                returning(context, new DmabufTests.Export(op.wide("length")), DmabufTests.Export.Exported::fd);
            case "TEST_DMABUF_REVOKE" ->
                plain(context, new DmabufTests.Revoke(op.number("dmabuf_fd"), op.number("revoked") != 0));
            case "TEST_UNKNOWN_OP" -> Outcome.of(-EOPNOTSUPP.number());
            default -> runAccess(op, context);
        };
    }

    private Outcome runAccess(Operation op, Iommufd context) {
        return switch (op.name()) {
            case "TEST_CREATE_ACCESS" ->
                outcome(
                        context.call(new AccessTests.Create(op.number("id"), op.number("flags"))),
                        (made, out) -> out.put("out_access_fd", String.valueOf(made.fd())));
            case "TEST_ACCESS_PAGES" ->
                outcome(
                        context.call(new AccessTests.PinPages(
                                op.number("id"),
                                op.number("flags"),
                                op.wide("iova"),
                                op.wide("length"),
                                op.wide("uptr"))),
                        (pinned, out) -> out.put("out_access_pages_id", String.valueOf(pinned.item())));
            case "TEST_DESTROY_ACCESS_PAGES" ->
                plain(context, new AccessTests.UnpinPages(op.number("id"), op.number("access_pages_id")));
            case "TEST_ACCESS_RW" -> readWrite(op, context);
            case "TEST_ACCESS_REPLACE_IOAS" ->
                plain(context, new AccessTests.Replace(op.number("id"), op.number("ioas_id")));
            default -> throw new TraceError("op %s is not one that can be replayed".formatted(op.name()));
        };
    }

    private static Outcome makeDevice(Operation op, Iommufd context) {
        return outcome(
                context.call(new DeviceTests.MakeDevice(op.number("id"), op.number("dev_flags"))), (made, out) -> {
                    out.put("out_stdev_id", String.valueOf(made.selftestId()));
                    out.put("out_hwpt_id", String.valueOf(made.hwptId()));
                    out.put("out_idev_id", String.valueOf(made.deviceId()));
                });
    }

    private Outcome markDirty(Operation op, Iommufd context) {
        memory.store(op.wide("uptr"), op.bytes("bitmap_in"));
        DomainTests.MarkDirty call = new DomainTests.MarkDirty(
                op.number("id"), op.wide("iova"), op.wide("length"), op.wide("page_size"), buffer(op));
        return outcome(context.call(call), (marked, out) -> out.put("out_nr_dirty", Replay.hex(marked.pages())));
    }

    private Outcome readWrite(Operation op, Iommufd context) {
        memory.store(op.wide("uptr"), op.bytes("data_in"));
        AccessTests.ReadWrite call = new AccessTests.ReadWrite(
                op.number("id"), op.number("flags"), op.wide("iova"), op.wide("length"), buffer(op));
        Outcome outcome = plain(context, call);
        int shown = (int) Math.min(MAX_DATA_BYTES, op.wide("length") & Integer.MAX_VALUE);
        return outcome.with("data_out", memory.load(op.wide("uptr"), shown));
    }

    private static PageFault fault(Operation op) {
        return new PageFault(op.number("pasid"), op.number("grpid"), op.number("perm"), op.wide("addr"));
    }

    private UserBuffer buffer(Operation op) {
        return UserBuffer.at(memory.space(), op.wide("uptr"));
    }

    private static Outcome plain(Iommufd context, Ioctl<?> call) {
        return Outcome.of(context.call(call).code());
    }

    private static Outcome attached(Iommufd context, Ioctl<DeviceTests.Attached> call) {
        return outcome(context.call(call), (attached, out) -> out.put("pt_id", String.valueOf(attached.ptId())));
    }

    private static <R> Outcome returning(Iommufd context, Ioctl<R> call, ToLongFunction<R> value) {
        Result<R> result = context.call(call);
        return Outcome.of(result.isOk() ? value.applyAsLong(result.value()) : result.code());
    }

    private static <R> Outcome outcome(Result<R> result, BiConsumer<R, Map<String, String>> fields) {
        Map<String, String> out = new LinkedHashMap<>();
        if (result.isOk()) {
            fields.accept(result.value(), out);
        }
        return Outcome.of(result.code(), out);
    }
}
