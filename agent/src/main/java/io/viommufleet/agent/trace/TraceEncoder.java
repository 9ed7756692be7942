package io.viommufleet.agent.trace;

import io.viommufleet.agent.iommufd.FileCall;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.KernelObserver.KernelCall;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.uapi.Field;
import io.viommufleet.agent.uapi.Struct;
import io.viommufleet.agent.uapi.StructLayout;
import io.viommufleet.agent.vfio.ResetDevice;
import io.viommufleet.common.model.HostInventory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the calls of one VMM as a trace: a header that describes the machine, one line for each call, a line that counts them. Beside what the recordings
 * of real kernels have, a line names the step that the call was made for, and its number since boot.
 *
 * <p>Memory that a call passes by a pointer of this JVM gets an address in a scratch region of the trace. Calls of the legacy VFIO container have no form
 * in a trace, and what is read from an event queue follows from hardware alone: both are left out.
 */
public final class TraceEncoder {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final JsonMapper JSON = new JsonMapper();
    private static final String CONTEXT = "iommufd";
    private static final String QUEUE_CLOSE = "VEVENTQ_CLOSE";
    private static final String DEVICE_CALL = "VFIO_DEVICE_";

    private final TraceHeader header;
    private final Map<String, Integer> devices = new LinkedHashMap<>();
    private final List<String> lines = new ArrayList<>();
    private int succeeded;
    private int failed;

    private TraceEncoder(HostInventory host) {
        this.header = new TraceHeader(host);
    }

    /**
     * The lines of a trace.
     *
     * @param host that the calls were made on
     * @param calls of one process, from its first on
     */
    public static List<String> encode(HostInventory host, List<KernelCall> calls) {
        TraceEncoder encoder = new TraceEncoder(host);
        calls.forEach(encoder::add);
        return encoder.finish();
    }

    private List<String> finish() {
        List<String> trace = new ArrayList<>();
        trace.add(JSON.writeValueAsString(header.tree()));
        trace.addAll(lines);
        ObjectNode end = NODES.objectNode().put("end", 1).put("ok", succeeded).put("err", failed);
        trace.add(JSON.writeValueAsString(end));
        return trace;
    }

    private void add(KernelCall call) {
        header.note(call);
        switch (call.arguments()) {
            case FileCall.Open(String path) -> {
                ObjectNode line = begin(call, onContext(call) ? "CTX_OPEN" : "DEV_OPEN");
                end(line, NODES.objectNode().put("path", path), ret(call.result()), NODES.objectNode());
            }
            case FileCall.Close(int fd) -> {
                ObjectNode line = begin(call, closing(call));
                end(line, NODES.objectNode().put("fd", fd), ret(call.result()), NODES.objectNode());
            }
            case ResetDevice _
            when onDevice(call) ->
                end(begin(call, "DEV_RESET"), NODES.objectNode(), ret(call.result()), NODES.objectNode());
            case Ioctl<?> ioctl -> IoctlLine.of(ioctl, call.result()).ifPresent(line -> write(call, line));
            case Object arguments
            when call.name().startsWith(DEVICE_CALL) ->
                DeviceLine.of(arguments, call.result()).ifPresent(line -> write(call, line));
            default -> {}
        }
    }

    private void write(KernelCall call, CallLine line) {
        ObjectNode node = begin(call, line.before().layout().name());
        ObjectNode in = inputs(line.before());
        line.pointers().forEach((field, address) -> in.put(field, hex(address)));
        line.extras().forEach(node::set);
        ObjectNode out = call.result().output() == null ? NODES.objectNode() : outputs(call, line);
        end(node, in, call.result().code(), out);
    }

    private ObjectNode begin(KernelCall call, String op) {
        ObjectNode line = NODES.objectNode().put("i", lines.size()).put("op", op);
        if (onDevice(call)) {
            line.put("dev", devices.computeIfAbsent(call.file(), header::addDevice))
                    .put("slot", 0);
        } else {
            line.put("ctx", 0);
        }
        return line.put("call", call.sequence()).put("step", call.cause());
    }

    private void end(ObjectNode line, ObjectNode in, long ret, ObjectNode out) {
        line.set("in", in);
        line.put("ret", ret).set("out", out);
        lines.add(JSON.writeValueAsString(line));
        if (ret >= 0) {
            succeeded++;
        } else {
            failed++;
        }
    }

    private static boolean onContext(KernelCall call) {
        return call.file().startsWith(CONTEXT);
    }

    private static boolean onDevice(KernelCall call) {
        return call.file().startsWith(TraceHeader.DEVICE_FILE);
    }

    private static String closing(KernelCall call) {
        if (onDevice(call)) {
            return "DEV_CLOSE";
        }
        return onContext(call) ? "CTX_CLOSE" : QUEUE_CLOSE;
    }

    private static long ret(Result<?> result) {
        return result.isOk() && result.output() instanceof Integer descriptor ? descriptor : result.code();
    }

    private static ObjectNode inputs(Struct struct) {
        ObjectNode in = NODES.objectNode();
        StructLayout layout = struct.layout();
        for (Field field : layout.fields()) {
            if (field.isInput()) {
                String name = field.name().equals("data_type") && field.isOutput() ? "in_data_type" : field.name();
                put(in, name, field, struct.get(field.name()));
            }
        }
        return in;
    }

    /** All outputs after a success; after a failure what the kernel changed. */
    private static ObjectNode outputs(KernelCall call, CallLine line) {
        ObjectNode out = NODES.objectNode();
        for (Field field : line.after().layout().fields()) {
            long value = line.after().get(field.name());
            if (call.result().isOk() ? field.isOutput() : value != line.before().get(field.name())) {
                put(out, field.name().equals("data_type") ? "out_data_type" : field.name(), field, value);
            }
        }
        line.alwaysOut()
                .forEach(name -> put(
                        out,
                        name,
                        line.after().layout().field(name),
                        line.after().get(name)));
        return out;
    }

    private static void put(ObjectNode node, String name, Field field, long value) {
        if (field.bytes() == Long.BYTES) {
            node.put(name, hex(value));
        } else {
            node.put(name, value);
        }
    }

    static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
