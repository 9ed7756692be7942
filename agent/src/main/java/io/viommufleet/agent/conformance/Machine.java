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
import io.viommufleet.common.feasibility.AddressRange;
import io.viommufleet.common.feasibility.AmdRegisters;
import io.viommufleet.common.feasibility.IommuRegisters;
import io.viommufleet.common.feasibility.KernelSetup;
import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.feasibility.VirtioIommuProperties;
import io.viommufleet.common.feasibility.VtdRegisters;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The machine that a trace was recorded on, rebuilt from the trace's header. */
final class Machine {
    private final EmulatedKernel kernel;
    private final UserProcess process;
    private final List<VfioDevice> devices = new ArrayList<>();

    Machine(JsonNode header) {
        String env = header.path("env").asString();
        KernelVersion version =
                KernelVersion.parse(header.path("kernel").asString()).orElse(KernelVersion.LINUX_6_12);
        boolean remapping = !env.equals("intelnoir") && !env.startsWith("virtio");
        KernelSetup setup = new KernelSetup(version, env.equals("intelsm"), remapping, env.equals("virtiounsafe"));
        kernel = new EmulatedKernel(HostIommu.behaviourOf(version), setup.allowUnsafeInterrupts());
        Credentials credentials = new Credentials(
                header.path("cap_ipc_lock").asBoolean(),
                header.path("cap_sys_resource").asBoolean(),
                header.path("rlimit_memlock").asLong());
        process = new UserProcess(new UserAccount(), credentials);
        for (int stream = 0; stream < UserProcess.FIRST_FREE_FD; stream++) {
            process.files().installAt(stream, new RegularFile(null));
        }
        mapArena(header.path("arena"));
        HostIommu iommu = HostIommu.of(registers(env), setup);
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

    private void mapArena(JsonNode arena) {
        long base = Long.parseUnsignedLong(arena.path("base").asString().substring(2), 16);
        for (JsonNode region : arena.path("regions")) {
            String kind = region.path("kind").asString();
            long size = region.path("len").asLong();
            if (!kind.equals("hole")) {
                MemoryObject memory =
                        kind.contains("hugetlb") ? MemoryObject.ofHugePages(size) : MemoryObject.ofPages(size);
                long start = base + region.path("off").asLong();
                process.memory().map(new Mapping(start, size, memory, 0, !kind.startsWith("ro")));
            }
        }
    }

    private static IommuRegisters registers(String env) {
        return switch (env) {
            case "intel39", "intelnoir" -> new VtdRegisters(0xd2008c22260206L, 0xf00f4aL);
            case "intelcm" -> new VtdRegisters(0xd2008c222f0686L, 0xf00f4aL);
            case "intelsm" -> new VtdRegisters(0xd2008c222f0606L, 0x480080f00f4aL);
            case "intelsc" -> new VtdRegisters(0xd2008c222f0606L, 0xf00fcaL);
            case "intelrich" -> new VtdRegisters(0xd2008c222f0606L, 0xf00f4eL);
            case "amd" -> new AmdRegisters(0x29d3, 0);
            case "virtio", "virtiounsafe" -> new VirtioIommuProperties(-4096L, AddressRange.ofBits(64));
            default -> new VtdRegisters(0xd2008c222f0606L, 0xf00f4aL);
        };
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
