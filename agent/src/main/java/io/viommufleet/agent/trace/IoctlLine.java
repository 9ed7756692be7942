package io.viommufleet.agent.trace;

import io.viommufleet.agent.iommufd.GetHwInfo;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptInvalidate;
import io.viommufleet.agent.iommufd.IoasIovaRanges;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.ViommuAlloc;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.uapi.IoctlCodec;
import io.viommufleet.agent.uapi.IommufdIoctls;
import io.viommufleet.agent.uapi.Struct;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Ioctls on an iommufd as lines of a trace. */
final class IoctlLine {
    private static final int MAX_DATA_BYTES = 256;
    private static final int MAX_INFO_BYTES = 64;

    private final Map<String, Long> pointers = new HashMap<>();
    private final Map<String, JsonNode> extras = new HashMap<>();

    private IoctlLine() {}

    /** The line of a call; empty for one that is in no uapi header. */
    static Optional<CallLine> of(Ioctl<?> call, Result<?> result) {
        IoctlCodec<?, ?> codec = IommufdIoctls.named(call.name());
        return Optional.ofNullable(codec).map(known -> new IoctlLine().line(known, call, result));
    }

    private <R> CallLine line(IoctlCodec<?, R> codec, Ioctl<?> call, Result<?> result) {
        Struct after = codec.encode(call);
        @SuppressWarnings("unchecked") // the codec was found by the call's name, and the result is the call's
        R output = (R) result.output();
        if (output != null) {
            codec.output().accept(output, after);
        }
        memory(call, result);
        return new CallLine(codec.encode(call), after, pointers, extras, List.of());
    }

    private void memory(Ioctl<?> call, Result<?> result) {
        switch (call) {
            case IoasIovaRanges ranges -> {
                point("allowed_iovas", ranges.array());
                if (result.output() instanceof IoasIovaRanges.Ranges(List<IovaRange> all, long _)) {
                    extras.put("ranges", ranges(all, ranges.numIovas()));
                }
            }
            case GetHwInfo info -> {
                point("data_uptr", info.data());
                if (result.isOk()) {
                    data("data_out", info.data(), Math.min(info.dataLengthBytes(), MAX_INFO_BYTES));
                }
            }
            case HwptAlloc alloc -> in(alloc.data().buffer(), alloc.data().lengthBytes());
            case ViommuAlloc alloc -> in(alloc.data().buffer(), alloc.data().lengthBytes());
            case HwptInvalidate invalidate ->
                in(invalidate.entries(), invalidate.entryBytes() * invalidate.entryCount());
            default -> {}
        }
    }

    private void in(UserBuffer buffer, int lengthBytes) {
        point("data_uptr", buffer);
        data("data_in", buffer, Math.min(lengthBytes, MAX_DATA_BYTES));
    }

    private void point(String field, UserBuffer buffer) {
        if (!buffer.isNull()) {
            pointers.put(field, TraceHeader.SCRATCH_ADDRESS);
        }
    }

    private void data(String name, UserBuffer buffer, int lengthBytes) {
        if (buffer.isNull() || lengthBytes <= 0) {
            return;
        }
        byte[] bytes = new byte[lengthBytes];
        try {
            buffer.read(0, bytes);
        } catch (KernelFailure unreadable) {
            return;
        }
        extras.put(name, JsonNodeFactory.instance.stringNode(HexFormat.of().formatHex(bytes)));
    }

    private static ArrayNode ranges(List<IovaRange> all, int room) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        all.stream()
                .limit(Integer.toUnsignedLong(room))
                .forEach(range ->
                        array.addArray().add(TraceEncoder.hex(range.start())).add(TraceEncoder.hex(range.last())));
        return array;
    }
}
