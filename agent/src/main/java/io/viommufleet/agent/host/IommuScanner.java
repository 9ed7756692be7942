package io.viommufleet.agent.host;

import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The IOMMUs in {@code /sys/class/iommu}, with the registers that their drivers show there. SMMUv3 and virtio-iommu show
 * none, so theirs are unknown until somebody adds them.
 */
final class IommuScanner {
    private static final String CLASS = "sys/class/iommu/";
    private static final String SELFTEST = "iommufd_selftest_iommu"; // a test device of kernels built with IOMMUFD_TEST
    private static final Pattern INTEL = Pattern.compile("dmar\\d+");
    private static final Pattern AMD = Pattern.compile("ivhd\\d+");
    private static final Pattern SMMUV3 = Pattern.compile("smmu3\\..*");
    private static final Pattern VIRTIO = Pattern.compile(".*/virtio\\d+/iommu/[^/]+");

    private final SysfsTree tree;
    private final Sources sources;

    IommuScanner(SysfsTree tree, Sources sources) {
        this.tree = tree;
        this.sources = sources;
    }

    List<HostIommu> scan() {
        List<HostIommu> found = new ArrayList<>();
        for (String name : tree.names(CLASS)) {
            if (!name.startsWith(SELFTEST)) {
                scan(name).ifPresent(found::add);
            }
        }
        return found;
    }

    private Optional<HostIommu> scan(String name) {
        if (INTEL.matcher(name).matches() || tree.has(CLASS + name + "/intel-iommu")) {
            return Optional.of(intel(name));
        }
        if (AMD.matcher(name).matches() || tree.has(CLASS + name + "/amd-iommu")) {
            return Optional.of(amd(name));
        }
        if (SMMUV3.matcher(name).matches()) {
            return Optional.of(withoutRegisters(name, IommuType.ARM_SMMUV3, "arm-smmu-v3"));
        }
        if (behindVirtio(name)) {
            return Optional.of(withoutRegisters(name, IommuType.VIRTIO_IOMMU, "virtio-iommu"));
        }
        sources.note("iommus." + name, "left out: not a kind of IOMMU that is known here");
        return Optional.empty();
    }

    private HostIommu intel(String name) {
        Map<String, Long> registers = new TreeMap<>();
        for (String register : List.of("cap", "ecap")) {
            String file = CLASS + name + "/intel-iommu/" + register;
            put(registers, name, register, file, tree.text(file));
        }
        return new HostIommu(name, IommuType.INTEL_VTD, registers);
    }

    /** {@code features} is "efr:efr2", or efr alone on older kernels. */
    private HostIommu amd(String name) {
        Map<String, Long> registers = new TreeMap<>();
        String file = CLASS + name + "/amd-iommu/features";
        Optional<String[]> parts = tree.text(file).map(text -> text.split(":", -1));
        put(registers, name, "efr", file, parts.map(words -> words[0]));
        put(
                registers,
                name,
                "efr2",
                file,
                parts.filter(words -> words.length > 1).map(words -> words[1]));
        return new HostIommu(name, IommuType.AMD_VI, registers);
    }

    private HostIommu withoutRegisters(String name, IommuType type, String driver) {
        sources.unknown("iommus." + name + ".registers", "the driver %s shows none in sysfs".formatted(driver));
        return new HostIommu(name, type, Map.of());
    }

    private void put(Map<String, Long> registers, String name, String register, String file, Optional<String> text) {
        Optional<Long> value = text.flatMap(Numbers::hex);
        value.ifPresent(present -> registers.put(register, present));
        sources.known(
                "iommus." + name + "." + register,
                file,
                value,
                text.isPresent() ? file + " does not say it in hexadecimal" : file + " does not say it");
    }

    /** A virtio-iommu is registered under its PCI address, by a virtio device. */
    private boolean behindVirtio(String name) {
        return tree.linkTarget(CLASS + name).map(Path::toString).stream()
                .anyMatch(target -> VIRTIO.matcher(target).matches());
    }
}
