package io.viommufleet.agent.trace;

import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.KernelObserver.KernelCall;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.wire.RecordCodec;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The first line of a trace: the machine. The inventory stands in it as {@code host}, with the devices that matter, from which a replayer builds the same host; the memory of the
 * VMM is what was mapped from it, and a scratch region.
 */
final class TraceHeader {
    /** Where the memory stands that calls pass by pointers. */
    static final long SCRATCH_ADDRESS = 0x1000_0000L;

    private static final long SCRATCH_BYTES = 1 << 20;
    /** What the name of a device's file begins with; the address follows. */
    static final String DEVICE_FILE = "vfio-";

    private final HostInventory host;
    private final TreeMap<Long, Long> mapped = new TreeMap<>(Map.of(SCRATCH_ADDRESS, SCRATCH_BYTES));
    private final Set<Bdf> traced = new HashSet<>();
    private final ArrayNode devices = JsonNodeFactory.instance.arrayNode();

    TraceHeader(HostInventory host) {
        this.host = host;
    }

    /** Takes up what a call says about the machine. */
    void note(KernelCall call) {
        if (call.arguments() instanceof IoasMap map) {
            mapped.merge(map.userVa(), map.lengthBytes(), Math::max);
        }
    }

    /** Adds the device behind a file; gives its index. */
    int addDevice(String file) {
        int index = devices.size();
        String bdf = file.substring(DEVICE_FILE.length());
        traced.add(Bdf.parse(bdf));
        devices.addObject().put("dev", index).put("cdev", file).put("bdf", bdf);
        return index;
    }

    ObjectNode tree() {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        tree.put("hdr", 1).put("mode", "vfio").put("env", "host").put("kernel", host.kernel());
        tree.put("page_size", 4096);
        tree.put("cap_ipc_lock", true).put("cap_sys_resource", true).put("rlimit_memlock", -1);
        ObjectNode arena = tree.putObject("arena").put("base", TraceEncoder.hex(0));
        ArrayNode regions = arena.putArray("regions");
        mapped.forEach((address, bytes) ->
                regions.addObject().put("off", address).put("len", bytes).put("kind", "rw-anon"));
        tree.set("devices", devices);
        tree.set("host", RecordCodec.tree(host.without(others())));
        return tree;
    }

    /** Devices that share no group with a traced one: they have no part in the trace. */
    private Set<Bdf> others() {
        Set<Integer> groups = new HashSet<>();
        host.devices().stream()
                .filter(device -> traced.contains(device.bdf()))
                .forEach(device -> device.group().ifPresent(groups::add));
        Set<Bdf> others = new HashSet<>();
        host.devices().stream()
                .filter(device -> !traced.contains(device.bdf())
                        && device.group().filter(groups::contains).isEmpty())
                .forEach(device -> others.add(device.bdf()));
        return others;
    }
}
