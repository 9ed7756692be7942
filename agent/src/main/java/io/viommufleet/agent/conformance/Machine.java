package io.viommufleet.agent.conformance;

import io.viommufleet.agent.host.driver.HostIommu;
import io.viommufleet.agent.host.driver.PhysicalDevice;
import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.driver.ReservedRegion;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.Mapping;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.RegularFile;
import io.viommufleet.agent.iommufd.system.UserAccount;
import io.viommufleet.agent.iommufd.system.UserProcess;
import io.viommufleet.agent.vfio.DeviceInfo;
import io.viommufleet.agent.vfio.VfioDevice;
import io.viommufleet.agent.vmm.HostHardware;
import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.wire.RecordCodec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** The machine that a trace was recorded on, rebuilt from the trace's header. */
final class Machine {
    private static final String MODE_VFIO = "vfio";
    private static final List<String> MODES = List.of(MODE_VFIO, "mock", "access");
    private static final Pattern REOPENED = Pattern.compile("file (\\d+) reopened");
    private static final Pattern MAPPED_AT = Pattern.compile("mapped at the (\\S+) arena region");

    private final EmulatedKernel kernel;
    private final UserProcess process;
    private final List<VfioDevice> devices = new ArrayList<>();

    Machine(JsonNode header) {
        String kernelText = header.path("kernel").asString();
        KernelVersion version = KernelVersion.parse(kernelText)
                .orElseThrow(() -> new TraceError("kernel %s is not a version such as 6.12".formatted(kernelText)));
        String mode = header.path("mode").asString();
        if (!MODES.contains(mode)) {
            throw new TraceError("mode %s is not one of %s".formatted(mode, MODES));
        }
        boolean withDevices = mode.equals(MODE_VFIO);
        Optional<HostHardware> host = described(header.path("host"));
        kernel = host.map(HostHardware::kernel)
                .orElseGet(() -> new EmulatedKernel(
                        HostIommu.behaviourOf(version),
                        withDevices
                                && Environment.named(header.path("env").asString())
                                        .options()
                                        .contains(Environment.Option.UNSAFE_INTERRUPTS)));
        Credentials credentials = new Credentials(
                header.path("cap_ipc_lock").asBoolean(),
                header.path("cap_sys_resource").asBoolean(),
                header.path("rlimit_memlock").asLong());
        process = new UserProcess(new UserAccount(), credentials);
        for (int stream = 0; stream < UserProcess.FIRST_FREE_FD; stream++) {
            process.files().installAt(stream, new RegularFile(null));
        }
        Map<String, MemoryObject> files = openFiles(header.path("files"));
        mapArena(header.path("arena"), files);
        if (host.isPresent()) {
            addDevices(header, host.get());
        } else if (withDevices) {
            addDevices(header, version);
        }
    }

    /** The host that a trace of an agent carries as an inventory; a recording of a real kernel names its machine instead. */
    private static Optional<HostHardware> described(JsonNode host) {
        return host.isObject()
                ? Optional.of(new HostHardware(RecordCodec.read(host, HostInventory.class)))
                : Optional.empty();
    }

    private void addDevices(JsonNode header, HostHardware host) {
        for (JsonNode device : header.path("devices")) {
            String bdf = device.path("bdf").asString();
            devices.add(host.vfio(Bdf.parse(bdf))
                    .orElseThrow(() -> new TraceError("the trace's host has no device %s".formatted(bdf))));
        }
    }

    private void addDevices(JsonNode header, KernelVersion version) {
        Environment environment = Environment.named(header.path("env").asString());
        HostIommu iommu = HostIommu.of(environment.registers(), environment.setup(version));
        Map<Integer, IommuGroup> groups = new HashMap<>();
        for (JsonNode device : header.path("devices")) {
            IommuGroup group = groups.computeIfAbsent(device.path("group").asInt(), IommuGroup::new);
            List<ReservedRegion> regions =
                    regions(device.path("reserved_regions").asString());
            PhysicalDevice physical = new PhysicalDevice(device.path("bdf").asString(), group, regions);
            String file = device.path("cdev").asString();
            devices.add(new VfioDevice(kernel, file, iommu.probe(physical), DeviceInfo.ofPci(false)));
        }
    }

    EmulatedKernel kernel() {
        return kernel;
    }

    UserProcess process() {
        return process;
    }

    VfioDevice device(int index) {
        return devices.get(index);
    }

    /** Opens the files that the recording program had before the trace; gives the memory of those that it had mapped, by region. */
    private Map<String, MemoryObject> openFiles(JsonNode files) {
        Map<String, MemoryObject> mapped = new HashMap<>();
        Map<Integer, MemoryObject> memories = new HashMap<>();
        for (JsonNode file : files) {
            String kind = file.path("kind").asString();
            long size = file.path("size").asLong();
            Matcher reopened = REOPENED.matcher(kind);
            MemoryObject memory = null;
            if (reopened.find()) {
                memory = memories.get(Integer.parseInt(reopened.group(1)));
            } else if (kind.contains("memfd")) {
                memory = kind.startsWith("hugetlb") ? MemoryObject.ofHugePages(size) : MemoryObject.ofPages(size);
                memories.put(file.path("file").asInt(), memory);
            }
            int fd = process.files().install(new RegularFile(memory));
            if (fd != file.path("fd").asInt()) {
                throw new TraceError("file %s would be descriptor %d, not %s".formatted(kind, fd, file.path("fd")));
            }
            Matcher region = MAPPED_AT.matcher(kind);
            if (region.find() && memory != null) {
                mapped.put(region.group(1), memory);
            }
        }
        return mapped;
    }

    private void mapArena(JsonNode arena, Map<String, MemoryObject> files) {
        long base = Long.parseUnsignedLong(arena.path("base").asString().substring(2), 16);
        for (JsonNode region : arena.path("regions")) {
            String kind = region.path("kind").asString();
            long size = region.path("len").asLong();
            if (!kind.equals("hole")) {
                MemoryObject memory = files.getOrDefault(
                        kind, kind.contains("thp") ? MemoryObject.ofHugePages(size) : MemoryObject.ofPages(size));
                long start = base + region.path("off").asLong();
                process.memory().map(new Mapping(start, size, memory, 0, !kind.startsWith("ro")));
            }
        }
    }

    private static List<ReservedRegion> regions(String text) {
        List<ReservedRegion> regions = new ArrayList<>();
        for (String line : text.split(";", -1)) {
            String[] words = line.strip().split(" ", -1);
            if (words.length == 3) {
                String type = words[2].toUpperCase(Locale.ROOT).replace('-', '_');
                IovaRange range = new IovaRange(address(words[0]), address(words[1]));
                regions.add(new ReservedRegion(range, ReservedRegion.Type.valueOf(type)));
            }
        }
        return regions;
    }

    private static long address(String text) {
        return Long.parseUnsignedLong(text.substring(2), 16);
    }
}
