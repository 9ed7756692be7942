package io.viommufleet.agent.conformance;

import static io.viommufleet.agent.iommufd.system.Errno.EBADF;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.FaultQueue;
import io.viommufleet.agent.iommufd.HwptPaging;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.IommufdObject;
import io.viommufleet.agent.iommufd.MappedRegion;
import io.viommufleet.agent.iommufd.QueueFile;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.system.UserProcess;
import io.viommufleet.agent.uapi.Field;
import io.viommufleet.agent.uapi.IoctlCodec;
import io.viommufleet.agent.uapi.IommufdIoctls;
import io.viommufleet.agent.uapi.Struct;
import io.viommufleet.agent.uapi.StructLayout;
import io.viommufleet.agent.uapi.SystemCalls;
import io.viommufleet.agent.uapi.VfioDeviceIoctls;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Executes the ops of one trace from their inputs alone, through the system-call boundary. */
final class Replay {
    private static final int MAX_DATA_BYTES = 256;
    private static final int MAX_INFO_BYTES = 64;
    private static final int RANGE_BYTES = 16;
    private static final int MAX_STRUCT_BYTES = 1 << 20;
    private static final int MAP_SHARED = 1;
    private static final int PROT_EXEC = 4;

    /** A field that is called otherwise as an input and as an output. */
    private static final String DATA_TYPE = "data_type";

    private final Machine machine;
    private final UserProcess process;
    private final CallerMemory memory;
    private final SelftestReplay selftest;
    private final Map<Integer, Integer> contexts = new HashMap<>();
    private final Map<String, Integer> deviceFiles = new HashMap<>();
    private final Map<Integer, List<MappedRegion>> mapped = new HashMap<>();

    Replay(Machine machine) {
        this.machine = machine;
        this.process = machine.process();
        this.memory = new CallerMemory(process.memory());
        this.selftest = new SelftestReplay(memory);
    }

    Outcome run(Operation op) {
        String name = op.name();
        return switch (name) {
            case "CTX_OPEN" -> openContext(op);
            case "DEV_OPEN" -> openDevice(op);
            case "CTX_CLOSE", "DEV_CLOSE", "FAULT_CLOSE", "VEVENTQ_CLOSE", "DMABUF_CLOSE", "ACCESS_CLOSE" ->
                Outcome.of(process.files().close(op.number("fd")) ? 0 : -EBADF.number());
            case "RAW_IOCTL" -> raw(op);
            case "DEV_BIND" -> onDevice(op, VfioDeviceIoctls.BIND);
            case "DEV_ATTACH" -> onDevice(op, VfioDeviceIoctls.ATTACH);
            case "DEV_DETACH" -> onDevice(op, VfioDeviceIoctls.DETACH);
            case "DEV_GET_INFO" -> deviceInfo(op);
            case "DEV_RESET" -> reset(op);
            case "FAULT_READ", "VEVENTQ_READ" ->
                onQueue(op, queue -> read(queue, checkedBytes("count", op.wide("count"))));
            case "FAULT_WRITE", "VEVENTQ_WRITE" -> onQueue(op, queue -> write(queue, op));
            case "POLL" -> onQueue(op, queue -> poll(queue, op.number("events")));
            case "CTX_MMAP" -> onOpenContext(op, this::map);
            case "CTX_MUNMAP" -> unmap(op);
            default -> name.startsWith("TEST_") ? onOpenContext(op, selftest::run) : onContext(op);
        };
    }

    private Outcome openContext(Operation op) {
        int fd = machine.kernel().open(process).install();
        contexts.put(op.index("ctx"), fd);
        return Outcome.of(fd);
    }

    private Outcome openDevice(Operation op) {
        int fd = machine.device(op.index("dev")).open(process).install();
        deviceFiles.put(key(op), fd);
        return Outcome.of(fd);
    }

    private static String key(Operation op) {
        return op.index("dev") + "/" + op.index("slot");
    }

    private int contextFd(Operation op) {
        return Objects.requireNonNull(contexts.get(op.index("ctx")), "context is not open");
    }

    private Outcome onOpenContext(Operation op, BiFunction<Operation, Iommufd, Outcome> call) {
        return process.files().get(contextFd(op)) instanceof Iommufd context
                ? call.apply(op, context)
                : Outcome.of(-EBADF.number());
    }

    private @Nullable IommufdObject object(Operation op, String field) {
        return process.files().get(contextFd(op)) instanceof Iommufd context ? context.find(op.number(field)) : null;
    }

    private Outcome raw(Operation op) {
        int request = Integer.parseUnsignedInt(op.node().path("req").asString().substring(2), 16);
        MemorySegment argument = MemorySegment.ofArray(new byte[MAX_DATA_BYTES]);
        argument.set(ValueLayout.JAVA_INT_UNALIGNED, 0, op.number("size"));
        return Outcome.of(SystemCalls.ioctl(process, contextFd(op), request, argument));
    }

    private Outcome onDevice(Operation op, StructLayout layout) {
        int fd = Objects.requireNonNull(deviceFiles.get(key(op)), "device file is not open");
        return call(op, fd, layout);
    }

    private Outcome reset(Operation op) {
        int fd = Objects.requireNonNull(deviceFiles.get(key(op)), "device file is not open");
        return Outcome.of(SystemCalls.ioctl(process, fd, VfioDeviceIoctls.RESET_NUMBER, MemorySegment.NULL));
    }

    /** The recording program shows the whole struct here, whatever the call gave. */
    private Outcome deviceInfo(Operation op) {
        StructLayout layout = VfioDeviceIoctls.GET_INFO;
        int fd = Objects.requireNonNull(deviceFiles.get(key(op)), "device file is not open");
        MemorySegment bytes = struct(op, layout);
        int ret = SystemCalls.ioctl(process, fd, layout.request(), bytes);
        Struct after = Struct.over(layout, bytes);
        Map<String, String> out = new LinkedHashMap<>();
        for (String field : List.of("argsz", "flags", "num_regions", "num_irqs", "cap_offset")) {
            out.put(field, String.valueOf(after.get(field)));
        }
        return Outcome.of(ret, out);
    }

    private Outcome onContext(Operation op) {
        IoctlCodec<?, ?> codec = IommufdIoctls.named(op.name());
        if (codec == null) {
            throw new TraceError("op %s is not one that can be replayed".formatted(op.name()));
        }
        prepare(op);
        return withMemory(op, call(op, contextFd(op), codec.layout()));
    }

    private Outcome call(Operation op, int fd, StructLayout layout) {
        MemorySegment bytes = struct(op, layout);
        MemorySegment before = MemorySegment.ofArray(bytes.toArray(ValueLayout.JAVA_BYTE));
        int ret = SystemCalls.ioctl(process, fd, layout.request(), bytes);
        return Outcome.of(ret, outputs(ret, Struct.over(layout, before), Struct.over(layout, bytes)));
    }

    /** All outputs after a success; what changed after a failure. */
    private static Map<String, String> outputs(int ret, Struct before, Struct after) {
        Map<String, String> out = new LinkedHashMap<>();
        for (Field field : after.layout().fields()) {
            long value = after.get(field.name());
            if (ret >= 0 ? field.isOutput() : value != before.get(field.name())) {
                String name = field.name().equals(DATA_TYPE) ? "out_" + DATA_TYPE : field.name();
                out.put(name, field.bytes() == Long.BYTES ? hex(value) : Long.toUnsignedString(value));
            }
        }
        return out;
    }

    /**
     * The struct as the program had it: at least the whole struct, more if the given size exceeds it. A size that no struct of a program has is taken for
     * one that its memory ends within.
     */
    static MemorySegment struct(Operation op, StructLayout layout) {
        Field size = layout.fields().getFirst();
        JsonNode trail = op.node().path("in").path("_trail");
        long given = Integer.toUnsignedLong(op.number(size.name()));
        int room = given > MAX_STRUCT_BYTES ? layout.sizeBytes() : Math.max((int) given, layout.sizeBytes());
        int trailed =
                trail.isObject() ? checkedBytes("_trail", trail.path("off").asLong()) + 1 : 0;
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.max(room, trailed)]);
        Struct struct = Struct.over(layout, bytes);
        for (Field field : layout.fields()) {
            String alias = "in_" + field.name();
            struct.set(field.name(), op.wide(op.has(alias) ? alias : field.name()));
        }
        JsonNode reserved = op.node().path("reserved_123");
        for (int index = 0; index < reserved.size(); index++) {
            struct.set("reserved" + index, reserved.path(index).asLong());
        }
        if (trail.isObject()) {
            bytes.set(ValueLayout.JAVA_BYTE, trail.path("off").asLong(), (byte)
                    trail.path("val").asInt());
        }
        return bytes;
    }

    /** Fills the memory that the op's pointers point to. */
    private void prepare(Operation op) {
        switch (op.name()) {
            case "IOAS_ALLOW_IOVAS" ->
                memory.store(op.wide("allowed_iovas"), ranges(op.node().path("ranges_in")));
            case "GET_HW_INFO" -> {
                byte[] filled = new byte[dataBytes(op, "data_len", MAX_INFO_BYTES)];
                Arrays.fill(filled, (byte) 0xaa);
                memory.store(op.wide("data_uptr"), filled);
            }
            case "HWPT_GET_DIRTY_BITMAP" -> memory.store(op.wide("data"), new byte[MAX_DATA_BYTES]);
            default -> memory.store(op.wide("data_uptr"), op.bytes("data_in"));
        }
    }

    private Outcome withMemory(Operation op, Outcome outcome) {
        return switch (op.name()) {
            case "IOAS_IOVA_RANGES" -> outcome.with("ranges", writtenRanges(op, outcome));
            case "GET_HW_INFO", "VIOMMU_ALLOC" ->
                outcome.with("data_out", memory.load(op.wide("data_uptr"), dataBytes(op, "data_len", MAX_INFO_BYTES)));
            case "HWPT_GET_DIRTY_BITMAP" -> outcome.with("bitmap", memory.load(op.wide("data"), MAX_DATA_BYTES));
            default -> outcome;
        };
    }

    private static int dataBytes(Operation op, String field, int most) {
        return (int) Math.min(most, Integer.toUnsignedLong(op.number(field)));
    }

    private static byte[] ranges(JsonNode given) {
        ByteBuffer array = ByteBuffer.allocate(given.size() * RANGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (JsonNode range : given) {
            for (JsonNode end : range) {
                array.putLong(Long.parseUnsignedLong(end.asString().substring(2), 16));
            }
        }
        return array.array();
    }

    private String writtenRanges(Operation op, Outcome outcome) {
        long total = Long.parseLong(outcome.out().getOrDefault("num_iovas", "0"));
        boolean answered = outcome.out().containsKey("out_iova_alignment");
        int written = answered ? (int) Math.min(total, Integer.toUnsignedLong(op.number("num_iovas"))) : 0;
        ByteBuffer array = ByteBuffer.wrap(
                        HexFormat.of().parseHex(memory.load(op.wide("allowed_iovas"), written * RANGE_BYTES)))
                .order(ByteOrder.LITTLE_ENDIAN);
        StringBuilder text = new StringBuilder("[");
        while (array.remaining() >= RANGE_BYTES) {
            text.append(text.length() > 1 ? "," : "")
                    .append("[\"%s\",\"%s\"]".formatted(hex(array.getLong()), hex(array.getLong())));
        }
        return text.append(']').toString();
    }

    private Outcome onQueue(Operation op, Function<QueueFile, Outcome> call) {
        return process.files().get(op.number("fd")) instanceof QueueFile queue
                ? call.apply(queue)
                : Outcome.of(-EBADF.number());
    }

    private static Outcome read(QueueFile queue, int count) {
        Result<byte[]> result = queue.read(count);
        return result.isOk()
                ? Outcome.of(result.value().length)
                        .with("data_out", HexFormat.of().formatHex(result.value()))
                : Outcome.of(result.code());
    }

    private static Outcome write(QueueFile queue, Operation op) {
        int count = checkedBytes("count", op.wide("count"));
        ByteBuffer answer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        if (op.has("cookie") && answer.remaining() >= 2 * Integer.BYTES) {
            answer.putInt(op.number("cookie")).putInt(op.number("code"));
        }
        Result<Integer> result = queue.write(answer.array());
        return Outcome.of(result.isOk() ? result.value() : result.code());
    }

    private static Outcome poll(QueueFile queue, int events) {
        int ready = queue.poll() & events;
        return Outcome.of(ready == 0 ? 0 : 1, Map.of("revents", String.valueOf(ready)));
    }

    private Outcome map(Operation op, Iommufd context) {
        boolean shared = (op.number("flags") & MAP_SHARED) != 0;
        boolean executable = (op.number("prot") & PROT_EXEC) != 0;
        Result<MappedRegion> result = context.mmap(op.wide("offset"), op.wide("length"), shared, executable);
        if (!result.isOk()) {
            return Outcome.of(result.code());
        }
        List<MappedRegion> regions = mapped.computeIfAbsent(op.index("ctx"), key -> new ArrayList<>());
        regions.add(result.value());
        Map<String, String> out = new LinkedHashMap<>();
        out.put("map", String.valueOf(regions.size() - 1));
        out.put("word0", Integer.toUnsignedString(result.value().firstWord()));
        return Outcome.of(0, out);
    }

    private Outcome unmap(Operation op) {
        int index = op.number("map");
        List<MappedRegion> regions = mapped.getOrDefault(op.index("ctx"), List.of());
        if (index < 0 || index >= regions.size()) {
            return Outcome.of(-EINVAL.number());
        }
        regions.remove(index).unmap();
        return Outcome.of(0);
    }

    /** Undoes a FAULT_READ: what it gave waits again, first in the queue. */
    void unread(Operation op, Outcome outcome) {
        if (object(op, "fault_id") instanceof FaultQueue faults) {
            faults.unread(HexFormat.of().parseHex(outcome.extras().getOrDefault("data_out", "")));
        }
    }

    /** Whether two bitmaps of one GET_DIRTY_BITMAP differ only by how large its HWPT's page-table entries are. */
    boolean sameEntriesDirty(Operation op, String first, String second) {
        return object(op, "hwpt_id") instanceof HwptPaging hwpt
                && new DirtyEntries(
                                op.wide("iova"),
                                op.wide("length"),
                                op.wide("page_size"),
                                Long.highestOneBit(hwpt.domain().pageSizes()))
                        .explain(bits(first), bits(second));
    }

    private static BitSet bits(String bitmap) {
        return BitSet.valueOf(HexFormat.of().parseHex(bitmap));
    }

    /** A number of bytes that the replay must hold: one that no recording program can have passed is an error of the trace. */
    private static int checkedBytes(String field, long bytes) {
        if (bytes < 0 || bytes > MAX_STRUCT_BYTES) {
            throw new TraceError("%s %d is not from 0 to %d bytes".formatted(field, bytes, MAX_STRUCT_BYTES));
        }
        return (int) bytes;
    }

    static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
