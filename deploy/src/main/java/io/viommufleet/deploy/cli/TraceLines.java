package io.viommufleet.deploy.cli;

import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.deploy.view.VmTrace;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/** A trace as people read it, one call a line. */
final class TraceLines {
    private static final JsonMapper JSON = new JsonMapper();

    private TraceLines() {}

    /** The calls, without the header and the end. */
    static ArrayNode calls(VmTrace trace) {
        ArrayNode calls = JSON.createArrayNode();
        trace.lines().stream()
                .map(JSON::readTree)
                .filter(line -> line.has("op"))
                .forEach(calls::add);
        return calls;
    }

    static void print(Terminal terminal, VmTrace trace) {
        terminal.out().println("What its VMM asked of the kernel:");
        Table table = new Table(terminal, "CALL", "STEP", "IOCTL", "ARGUMENTS", "RESULT", "GAVE");
        for (JsonNode call : calls(trace)) {
            table.row(
                    call.path("call").asString(),
                    call.path("step").asString(),
                    call.path("op").asString(),
                    fields(call.path("in")),
                    result(call.path("ret").asLong()),
                    fields(call.path("out")));
        }
        table.print();
        if (trace.missed() > 0) {
            terminal.out().println("  and %d more calls that were not kept".formatted(trace.missed()));
        }
    }

    private static String result(long ret) {
        return ret < 0 ? Errno.of((int) -ret).name() : String.valueOf(ret);
    }

    /** Fields that say something: sizes of structs and zeroes do not. */
    private static String fields(JsonNode node) {
        List<String> words = new ArrayList<>();
        node.properties().forEach(field -> {
            String value = field.getValue().asString();
            boolean silent = field.getKey().equals("size")
                    || field.getKey().equals("argsz")
                    || value.equals("0")
                    || value.equals("0x0");
            if (!silent) {
                words.add(field.getKey() + "=" + value);
            }
        });
        return words.isEmpty() ? "-" : words.stream().collect(Collectors.joining(" "));
    }
}
