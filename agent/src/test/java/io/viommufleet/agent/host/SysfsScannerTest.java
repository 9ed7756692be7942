package io.viommufleet.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.ReservedRegion;
import io.viommufleet.common.wire.RecordCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** {@code -Dgolden=write} writes the expected inventories anew, to be reviewed as a diff. */
class SysfsScannerTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "intel",
                "intel-before",
                "intel-rich-numa",
                "intel-rich-numa-before",
                "amd",
                "amd-before",
                "virtio",
                "virtio-before",
                "none",
                "none-before"
            })
    void readsOffACapturedTreeWhatAnotherProgramReadOffIt(String name) throws IOException {
        List<String> facts = Files.readAllLines(CapturedTree.resource(name + ".facts"));

        HostInventory host = scan(CapturedTree.unpack(name, directory), name);

        assertThat(InventoryFacts.lines(host)).isEqualTo(facts.subList(1, facts.size()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"intel", "intel-rich-numa", "amd", "virtio", "none"})
    void makesTheSameInventoryOfACapturedTreeAsEver(String name) throws IOException {
        Path expected = CapturedTree.resource(name + ".json");

        String found = pretty(scan(CapturedTree.unpack(name, directory), name));
        if ("write".equals(System.getProperty("golden"))) {
            Files.writeString(expected, found);
        }

        assertThat(found).isEqualTo(Files.readString(expected));
    }

    @Test
    void knowsPhysicalAndVirtualFunctionsAndNumaNodes() throws IOException {
        HostInventory host = scan(CapturedTree.unpack("intel-rich-numa", directory), "rich");

        assertThat(device(host, "0000:03:00.0").virtualFunctions())
                .containsExactly(Bdf.parse("0000:03:00.1"), Bdf.parse("0000:03:00.2"));
        assertThat(device(host, "0000:03:00.2").physicalFunction()).contains(Bdf.parse("0000:03:00.0"));
        assertThat(device(host, "0000:41:00.0").numa()).contains(1);
        assertThat(device(host, "0000:06:00.0").numa()).isEmpty();
    }

    @Test
    void takesTheSelftestDeviceForNoIommu() throws IOException {
        assertThat(scan(CapturedTree.unpack("none", directory), "none").iommus())
                .isEmpty();
    }

    @Test
    void saysWhatIsUnknown() throws IOException {
        HostInventory host = scan(CapturedTree.unpack("virtio", directory), "virtio");

        assertThat(host.sources())
                .containsEntry("iommus.0000:00:11.0.registers", "unknown: the driver virtio-iommu shows none in sysfs")
                .containsEntry("interrupt-remapping", "unknown: sysfs does not show it")
                .containsEntry("vmm", "unknown: sysfs does not show it")
                .containsEntry("kernel", "proc/version");
        assertThat(host.sources().get("kernel-options.intel_iommu")).startsWith("unknown");
    }

    @Test
    void makesAnInventoryOfAnEmptyTree() throws IOException {
        Files.createDirectories(directory.resolve("sys"));

        HostInventory host = scan(directory, "empty");

        assertThat(host.devices()).isEmpty();
        assertThat(host.kernel()).isEqualTo("unknown");
        assertThat(host.memoryBytes()).isZero();
    }

    @Test
    void leavesOutDevicesThatCannotBeMadeOutAndSaysSo() throws IOException {
        Path devices = Files.createDirectories(directory.resolve("sys/bus/pci/devices"));
        Files.createSymbolicLink(devices.resolve("0000:00:01.0"), Path.of("../../../devices/gone"));
        write(devices.resolve("0000:00:02.0"), Map.of("vendor", "0x8086", "device", "garbage", "class", "0x020000"));
        write(devices.resolve("10000:00:02.0"), Map.of("vendor", "0x8086", "device", "0x1", "class", "0x020000"));
        write(
                devices.resolve("0000:00:03.0"),
                Map.of("vendor", "0x8086", "device", "0x10d3", "class", "0x020000", "numa_node", "many"));

        HostInventory host = scan(directory, "weird");

        assertThat(host.devices()).extracting(HostDevice::bdf).containsExactly(Bdf.parse("0000:00:03.0"));
        assertThat(host.devices().getFirst().numa()).isEmpty();
        assertThat(host.sources())
                .containsKeys("devices.0000:00:01.0", "devices.0000:00:02.0", "devices.10000:00:02.0");
    }

    @Test
    void readsNothingOutsideItsDirectory() throws IOException {
        Path outside = Files.createDirectories(directory.resolve("outside"));
        write(outside.resolve("device"), Map.of("vendor", "0x8086", "device", "0x10d3", "class", "0x020000"));
        Path inside = directory.resolve("inside");
        Path devices = Files.createDirectories(inside.resolve("sys/bus/pci/devices"));
        Files.createSymbolicLink(devices.resolve("0000:00:03.0"), outside.resolve("device"));

        assertThat(scan(inside, "escape").devices()).isEmpty();
    }

    @Test
    void keepsAllRegionsThatItCanReadAndReadsPasidWidth() throws IOException {
        Path tree = CapturedTree.unpack("intel", directory);
        String device = "sys/bus/pci/devices/0000:03:00.0/";
        int group = device(scan(tree, "intel"), "0000:03:00.0").group().orElseThrow();
        Files.writeString(tree.resolve("sys/kernel/iommu_groups/" + group + "/reserved_regions"), """
            0x00000000000e0000 0x00000000000fffff direct
            0x00000000fee00000 0x00000000feefffff msi
            nonsense
            """);
        byte[] config = new byte[0x1000];
        config[0x100] = 0x1b;
        config[0x105] = 20;
        Files.write(tree.resolve(device + "config"), config);

        HostDevice found = device(scan(tree, "intel"), "0000:03:00.0");

        assertThat(found.reservedRegions())
                .containsExactly(
                        new ReservedRegion(0xe0000, 0xfffff, "direct"),
                        new ReservedRegion(0xfee00000L, 0xfeefffffL, "msi"));
        assertThat(found.pasidBits()).isEqualTo(20);
    }

    @Test
    void survivesATreeWithFilesCutShortGarbledAndMissing() throws IOException {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("SysfsScannerTest -Dseed=" + seed);
        Random random = new Random(seed);
        Path tree = CapturedTree.unpack("intel-rich-numa", directory);
        List<Path> files;
        try (Stream<Path> all = Files.walk(tree)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        for (int round = 0; round < 60; round++) {
            Path victim = files.get(random.nextInt(files.size()));
            byte[] noise = new byte[random.nextInt(40)];
            random.nextBytes(noise);
            if (random.nextInt(4) == 0) {
                Files.deleteIfExists(victim);
            } else {
                Files.write(victim, noise);
            }
            assertThat(scan(tree, "garbled").metadata().name())
                    .as("seed %d", seed)
                    .isEqualTo("garbled");
        }
    }

    private static HostInventory scan(Path tree, String name) {
        return SysfsScanner.scan(new SysfsTree(tree), new Metadata(name, 0, Map.of()));
    }

    private static HostDevice device(HostInventory host, String bdf) {
        return host.devices().stream()
                .filter(device -> device.bdf().equals(Bdf.parse(bdf)))
                .findFirst()
                .orElseThrow();
    }

    private static void write(Path directory, Map<String, String> files) throws IOException {
        Files.createDirectories(directory);
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(directory.resolve(file.getKey()), file.getValue() + "\n");
        }
    }

    private static String pretty(HostInventory host) {
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(JSON.readTree(RecordCodec.canonical(host)))
                + "\n";
    }
}
