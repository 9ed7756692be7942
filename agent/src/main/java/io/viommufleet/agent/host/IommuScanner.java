package io.viommufleet.agent.host;

import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The IOMMUs in {@code /sys/class/iommu}, with the registers that their drivers show there. SMMUv3 and virtio-iommu show
 * none, so theirs are unknown until somebody adds them.
 */
final class IommuScanner {
    private static final String CLASS = "sys/class/iommu/";

    private final SysfsTree tree;
    private final Sources sources;

    IommuScanner(SysfsTree tree, Sources sources) {
        this.tree = tree;
        this.sources = sources;
    }

    List<HostIommu> scan() {
        List<HostIommu> found = new ArrayList<>();
        for (String name : tree.names(CLASS)) {
            if (!name.startsWith("iommufd_selftest_iommu")) { // a test device of kernels built with IOMMUFD_TEST
                scan(name).ifPresent(found::add);
            }
        }
        return found;
    }

    private Optional<HostIommu> scan(String name) {
        if (tree.has(CLASS + name + "/intel-iommu")) {
            return Optional.of(intel(name));
        }
        if (tree.has(CLASS + name + "/amd-iommu")) {
            return Optional.of(amd(name));
        }
        if (name.startsWith("smmu3.")) {
            return Optional.of(withoutRegisters(name, IommuType.ARM_SMMUV3));
        }
        if (behindVirtio(name)) {
            return Optional.of(withoutRegisters(name, IommuType.VIRTIO_IOMMU));
        }
        sources.note("iommus." + name, "not a kind of IOMMU that is known here: left out");
        return Optional.empty();
    }

    private HostIommu intel(String name) {
        Map<String, Long> registers = new TreeMap<>();
        for (String register : List.of("cap", "ecap")) {
            String file = CLASS + name + "/intel-iommu/" + register;
            put(registers, name, register, file, tree.text(file).flatMap(Numbers::hex));
        }
        return new HostIommu(name, IommuType.INTEL_VTD, registers);
    }

    /** {@code features} is "efr:efr2", or efr alone on older kernels. */
    private HostIommu amd(String name) {
        Map<String, Long> registers = new TreeMap<>();
        String file = CLASS + name + "/amd-iommu/features";
        String[] parts = tree.text(file).orElse("").split(":", -1);
        put(registers, name, "efr", file, Numbers.hex(parts[0]));
        put(registers, name, "efr2", file, parts.length > 1 ? Numbers.hex(parts[1]) : Optional.empty());
        return new HostIommu(name, IommuType.AMD_VI, registers);
    }

    private HostIommu withoutRegisters(String name, IommuType type) {
        sources.unknown("iommus." + name + ".registers");
        return new HostIommu(name, type, Map.of());
    }

    private void put(Map<String, Long> registers, String name, String register, String file, Optional<Long> value) {
        String what = "iommus." + name + "." + register;
        value.ifPresentOrElse(
                present -> {
                    registers.put(register, present);
                    sources.note(what, file);
                },
                () -> sources.unknown(what));
    }

    /** A virtio-iommu is registered under its PCI address, by a virtio device. */
    private boolean behindVirtio(String name) {
        return tree.linkTarget(CLASS + name).map(Path::toString).stream()
                .anyMatch(target -> target.matches(".*/virtio\\d+/iommu/[^/]+"));
    }
}
