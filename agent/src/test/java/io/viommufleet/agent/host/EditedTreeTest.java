package io.viommufleet.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.feasibility.DeviceFacts;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.ReservedRegion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trees that nobody captured: captured ones with something in them changed. */
class EditedTreeTest {
    private static final String BUS = "sys/bus/pci/devices/";
    private static final String NETWORK_CARD = "0000:03:00.0";

    @TempDir
    Path directory;

    @Test
    void findsTwoSmmusWithoutRegistersAndTheDevicesBehindEach() throws IOException {
        unpack("none");
        smmu("smmu3.0x0000000009050000");
        smmu("smmu3.0x000000002b400000");
        putBehind("0000:00:04.0", "smmu3.0x0000000009050000", 3, "0x0000000008000000 0x00000000080fffff msi");
        putBehind(NETWORK_CARD, "smmu3.0x000000002b400000", 4, "0x0000000008000000 0x00000000080fffff msi");

        HostInventory host = scan();

        assertThat(host.iommus())
                .containsExactly(
                        new HostIommu("smmu3.0x0000000009050000", IommuType.ARM_SMMUV3, Map.of()),
                        new HostIommu("smmu3.0x000000002b400000", IommuType.ARM_SMMUV3, Map.of()));
        assertThat(device(host, "0000:00:04.0").iommu()).contains("smmu3.0x0000000009050000");
        assertThat(device(host, NETWORK_CARD).iommu()).contains("smmu3.0x000000002b400000");
        assertThat(device(host, NETWORK_CARD).reservedRegions())
                .containsExactly(new ReservedRegion(0x8000000L, 0x80fffffL, "msi"));
        assertThat(host.sources())
                .containsEntry(
                        "iommus.smmu3.0x0000000009050000.registers",
                        "unknown: the driver arm-smmu-v3 shows none in sysfs");
        assertThat(DeviceFacts.find(host, Bdf.parse(NETWORK_CARD))).isInstanceOf(DeviceFacts.Lookup.Missing.class);
    }

    @Test
    void readsTheFeaturesOfEachOfTwoIvhds() throws IOException {
        unpack("amd");
        write("sys/devices/pci0000:00/0000:00:01.0/iommu/ivhd0/amd-iommu/features", "25bf732fa2295afe:9d");
        write("sys/devices/pci0000:40/0000:40:00.2/iommu/ivhd1/amd-iommu/features", "25bf732fa2295afe");
        link("sys/class/iommu/ivhd1", "../../devices/pci0000:40/0000:40:00.2/iommu/ivhd1");

        HostInventory host = scan();

        assertThat(host.iommus())
                .containsExactly(
                        new HostIommu("ivhd0", IommuType.AMD_VI, Map.of("efr", 0x25bf732fa2295afeL, "efr2", 0x9dL)),
                        new HostIommu("ivhd1", IommuType.AMD_VI, Map.of("efr", 0x25bf732fa2295afeL)));
        assertThat(host.sources().get("iommus.ivhd0.efr2")).endsWith("amd-iommu/features");
        assertThat(host.sources().get("iommus.ivhd1.efr2")).startsWith("unknown: ");
    }

    @Test
    void keepsPciDomainsApart() throws IOException {
        unpack("intel");
        function("0001:03:00.0", Map.of("vendor", "0x10de", "device", "0x2330", "class", "0x030200", "numa_node", "1"));
        function("10000:03:00.0", Map.of("vendor", "0x8086", "device", "0x0a54", "class", "0x010802"));

        HostInventory host = scan();

        assertThat(device(host, "0001:03:00.0").vendor()).isEqualTo(0x10de);
        assertThat(device(host, NETWORK_CARD).vendor()).isEqualTo(0x8086);
        assertThat(host.devices().getLast().bdf()).isEqualTo(Bdf.parse("0001:03:00.0"));
        assertThat(host.sources())
                .containsEntry("devices.10000:03:00.0", "left out: not an address with a domain of 16 bits");
    }

    @Test
    void saysOfADeviceWithoutAGroupThatVfioCannotHaveIt() throws IOException {
        unpack("intel");
        delete(BUS + NETWORK_CARD + "/iommu_group");
        delete(BUS + NETWORK_CARD + "/iommu");

        HostInventory host = scan();

        assertThat(device(host, NETWORK_CARD).group()).isEmpty();
        assertThat(device(host, NETWORK_CARD).reservedRegions()).isEmpty();
        assertThat(host.sources())
                .containsEntry("devices.0000:03:00.0.group", "none: no iommu_group link, so VFIO cannot have it");
    }

    @Test
    void saysThatTheIommuOfADeviceInAGroupIsUnknown() throws IOException {
        unpack("intel");
        delete(BUS + NETWORK_CARD + "/iommu");
        delete(BUS + "0000:00:04.0/iommu");
        link(BUS + "0000:00:04.0/iommu", "../../platform/sun50i/iommu/sun50i-iommu");

        HostInventory host = scan();

        assertThat(host.sources())
                .containsEntry("devices.0000:03:00.0.iommu", "unknown: in an iommu group, but no iommu link")
                .containsEntry(
                        "devices.0000:00:04.0.iommu", "unknown: behind sun50i-iommu, which is no IOMMU found here");
        assertThat(DeviceFacts.find(host, Bdf.parse(NETWORK_CARD)))
                .isInstanceOfSatisfying(
                        DeviceFacts.Lookup.Missing.class,
                        missing -> assertThat(missing.reason()).contains("of no IOMMU that is known"));
    }

    @Test
    void takesABridgeToPciInAGroupForNoUserOfItAndOneToIsaForOne() throws IOException {
        unpack("intel");
        link(BUS + "0000:01:00.0/driver", "../../../../bus/pci/drivers/pcieport");
        assertThat(facts("0000:02:01.0").kernelUser()).isEmpty();

        Files.writeString(directory.resolve(BUS + "0000:01:00.0/class"), "0x060100\n");
        assertThat(facts("0000:02:01.0").kernelUser()).map(HostDevice::bdf).contains(Bdf.parse("0000:01:00.0"));
    }

    @Test
    void readsTheNamesOfDanglingLinks() throws IOException {
        unpack("intel");
        delete("sys/kernel/iommu_groups/8/reserved_regions");
        relink(BUS + NETWORK_CARD + "/driver", "../../../bus/pci/drivers/e1000e");
        relink(BUS + NETWORK_CARD + "/iommu_group", "../../../../gone/iommu_groups/8");
        relink("sys/class/iommu/dmar0", "../../devices/virtual/iommu/gone");
        link(BUS + "0000:09:00.0", "../../../devices/pci0000:00/0000:09:00.0");

        HostInventory host = scan();

        assertThat(device(host, NETWORK_CARD).driver()).contains("e1000e");
        assertThat(device(host, NETWORK_CARD).group()).contains(8);
        assertThat(host.iommus()).containsExactly(new HostIommu("dmar0", IommuType.INTEL_VTD, Map.of()));
        assertThat(host.sources())
                .containsEntry(
                        "devices.0000:03:00.0.reserved-regions",
                        "unknown: no sys/kernel/iommu_groups/8/reserved_regions")
                .containsEntry("devices.0000:09:00.0", "left out: vendor, device or class cannot be read");
    }

    @Test
    void saysWhyARegisterOrANodeIsUnknown() throws IOException {
        unpack("intel");
        write("sys/devices/virtual/iommu/dmar0/intel-iommu/cap", "0xd2008c22zz");
        write("sys/devices/virtual/iommu/dmar0/intel-iommu/ecap", "");
        write("sys/module/iommufd/parameters/allow_unsafe_interrupts", "perhaps");
        write("proc/meminfo", "");
        delete("proc/version");

        HostInventory host = scan();

        assertThat(host.iommus()).containsExactly(new HostIommu("dmar0", IommuType.INTEL_VTD, Map.of()));
        assertThat(host.kernel()).isEqualTo("unknown");
        assertThat(host.memoryBytes()).isZero();
        assertThat(host.allowUnsafeInterrupts()).isFalse();
        assertThat(host.sources())
                .containsEntry(
                        "iommus.dmar0.cap",
                        "unknown: sys/class/iommu/dmar0/intel-iommu/cap does not say it in hexadecimal")
                .containsEntry("iommus.dmar0.ecap", "unknown: sys/class/iommu/dmar0/intel-iommu/ecap does not say it")
                .containsEntry("devices.0000:03:00.0.numa", "unknown: numa_node is -1")
                .containsEntry("kernel", "unknown: no release in proc/version")
                .containsEntry("memory", "unknown: no MemTotal in proc/meminfo");
        assertThat(host.sources().get("allow-unsafe-interrupts")).startsWith("unknown: ");
    }

    @Test
    void givesAVirtualFunctionThePasidsOfItsPhysicalFunction() throws IOException {
        unpack("intel-rich-numa");
        byte[] config = new byte[0x1000];
        config[0x100] = 0x1b;
        config[0x105] = 20;
        Files.write(directory.resolve(BUS + "0000:03:00.0/config"), config);

        HostInventory host = scan();

        assertThat(device(host, "0000:03:00.1").pasidBits()).isEqualTo(20);
        assertThat(device(host, "0000:03:00.1").physicalFunction()).contains(Bdf.parse("0000:03:00.0"));
        assertThat(device(host, "0000:06:00.0").pasidBits()).isZero();
    }

    @Test
    void namesTheVfioFileAndSaysWhereItIsMissing() throws IOException {
        unpack("intel");
        assertThat(device(scan(), NETWORK_CARD).cdev()).contains("vfio5");

        delete(BUS + NETWORK_CARD + "/vfio-dev/vfio5/dev");
        delete(BUS + NETWORK_CARD + "/vfio-dev/vfio5");
        delete(BUS + NETWORK_CARD + "/vfio-dev");
        HostInventory host = scan();

        assertThat(device(host, NETWORK_CARD).cdev()).isEmpty();
        assertThat(host.sources())
                .containsEntry("devices.0000:03:00.0.cdev", "none: no vfio-dev, although vfio-pci is its driver");
    }

    @Test
    void keepsTheMsiWindowThatAVirtioIommuReserves() throws IOException {
        unpack("virtio");

        HostInventory host = scan();

        assertThat(device(host, NETWORK_CARD).reservedRegions())
                .containsExactly(new ReservedRegion(0xfee00000L, 0xfeefffffL, "msi"));
    }

    @Test
    void readsATreeWithoutProc() throws IOException {
        unpack("intel");
        for (String file : List.of("version", "cmdline", "meminfo")) {
            delete("proc/" + file);
        }
        delete("proc");

        HostInventory host = HostSources.one(directory, Optional.empty()).read();

        assertThat(host.devices()).isNotEmpty();
        assertThat(host.sources())
                .containsEntry("kernel-options", "unknown: no proc/cmdline")
                .containsEntry("kernel-options.intel_iommu", "unknown: no proc/cmdline");
    }

    private void unpack(String name) throws IOException {
        CapturedTree.unpack(name, directory);
    }

    private void smmu(String name) throws IOException {
        String home = "devices/platform/arm-smmu-v3." + name + "/iommu/" + name;
        Files.createDirectories(directory.resolve("sys/" + home + "/devices"));
        link("sys/class/iommu/" + name, "../../" + home);
    }

    private void putBehind(String bdf, String iommu, int group, String regions) throws IOException {
        link(BUS + bdf + "/iommu", "../../platform/arm-smmu-v3." + iommu + "/iommu/" + iommu);
        link(BUS + bdf + "/iommu_group", "../../../kernel/iommu_groups/" + group);
        write("sys/kernel/iommu_groups/" + group + "/reserved_regions", regions);
    }

    private void function(String bdf, Map<String, String> files) throws IOException {
        for (Map.Entry<String, String> file : files.entrySet()) {
            write(BUS + bdf + "/" + file.getKey(), file.getValue());
        }
    }

    private void write(String path, String text) throws IOException {
        Path file = directory.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text + "\n");
    }

    private void link(String path, String target) throws IOException {
        Files.createSymbolicLink(directory.resolve(path), Path.of(target));
    }

    private void relink(String path, String target) throws IOException {
        delete(path);
        link(path, target);
    }

    private void delete(String path) throws IOException {
        Files.delete(directory.resolve(path));
    }

    private DeviceFacts facts(String bdf) {
        return switch (DeviceFacts.find(scan(), Bdf.parse(bdf))) {
            case DeviceFacts.Lookup.Found(DeviceFacts found) -> found;
            case DeviceFacts.Lookup.Missing(String reason) -> throw new AssertionError(reason);
        };
    }

    private HostInventory scan() {
        return SysfsScanner.scan(new SysfsTree(directory), new Metadata("edited", 0, Map.of()));
    }

    private static HostDevice device(HostInventory host, String bdf) {
        return host.devices().stream()
                .filter(device -> device.bdf().equals(Bdf.parse(bdf)))
                .findFirst()
                .orElseThrow();
    }
}
