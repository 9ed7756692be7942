package io.viommufleet.agent.host;

import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.feasibility.VtdRegisters;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes an inventory of what a host's sysfs and procfs show. Nothing is guessed: what they do not show is unknown, and
 * {@link HostInventory#sources} says so.
 */
public final class SysfsScanner {
    private static final Pattern RELEASE = Pattern.compile("Linux version (\\S+).*", Pattern.DOTALL);
    private static final Pattern IOMMU_OPTION = Pattern.compile(
            "(intel_iommu|amd_iommu|iommu|intremap)=.*|nointremap|(iommu|iommufd|vfio|vfio_pci|vfio_iommu_type1|arm-smmu-v3"
                + "|arm_smmu_v3)\\..*|amd_iommu_.*=.*");
    private static final Pattern NODE = Pattern.compile("node(\\d{1,9})");
    private static final String UNSAFE_INTERRUPTS = "sys/module/iommufd/parameters/allow_unsafe_interrupts";

    private final SysfsTree tree;
    private final Sources sources = new Sources();

    private SysfsScanner(SysfsTree tree) {
        this.tree = tree;
    }

    /**
     * Looks at a tree.
     *
     * @param metadata what the host is to be called
     */
    static HostInventory scan(SysfsTree tree, Metadata metadata) {
        return new SysfsScanner(tree).scan(metadata);
    }

    private HostInventory scan(Metadata metadata) {
        Optional<String> kernel = kernel();
        List<String> options = options();
        List<HostIommu> iommus = new IommuScanner(tree, sources).scan();
        Optional<KernelVersion> version = kernel.flatMap(KernelVersion::parse);
        sources.unknown("vmm", "sysfs does not show it");
        return new HostInventory(
                metadata,
                kernel.orElse(Sources.UNKNOWN),
                Optional.empty(),
                sources.known("memory", "proc/meminfo", memory("proc/meminfo"), "no MemTotal in proc/meminfo")
                        .orElse(0L),
                numaMemory(),
                options,
                interruptRemapping(options, iommus),
                unsafeInterrupts(),
                iommus,
                new PciScanner(tree, sources, version, iommus).scan(),
                List.of(),
                Arrays.stream(RulesVersion.values()).map(RulesVersion::toString).toList(),
                List.of(),
                sources.all());
    }

    private Optional<String> kernel() {
        Optional<String> release = tree.text("proc/version")
                .map(RELEASE::matcher)
                .filter(Matcher::matches)
                .map(matcher -> matcher.group(1));
        return sources.known("kernel", "proc/version", release, "no release in proc/version");
    }

    private List<String> options() {
        Optional<String> line = tree.text("proc/cmdline");
        List<String> options = line.stream()
                .flatMap(words -> Arrays.stream(words.split("\\s+", -1)))
                .filter(word -> IOMMU_OPTION.matcher(word).matches())
                .toList();
        sources.known("kernel-options", "proc/cmdline", line, "no proc/cmdline");
        if (options.stream().noneMatch(option -> option.startsWith("intel_iommu="))) {
            sources.unknown(
                    "kernel-options.intel_iommu",
                    line.isPresent() ? "not on the command line, so the build's default" : "no proc/cmdline");
        }
        return options;
    }

    /** No file says that interrupts are remapped; what rules it out can be known. */
    private Optional<Boolean> interruptRemapping(List<String> options, List<HostIommu> iommus) {
        boolean turnedOff = options.contains("nointremap") || options.contains("intremap=off");
        boolean incapable = iommus.stream().anyMatch(SysfsScanner::cannotRemap);
        return sources.known(
                "interrupt-remapping",
                turnedOff ? "proc/cmdline" : "ecap: no interrupt remapping",
                turnedOff || incapable ? Optional.of(false) : Optional.empty(),
                "sysfs does not show it");
    }

    private static boolean cannotRemap(HostIommu iommu) {
        Long ecap = iommu.registers().get("ecap");
        return iommu.type() == IommuType.INTEL_VTD && ecap != null && !new VtdRegisters(0, ecap).interruptRemapping();
    }

    private Map<Integer, Long> numaMemory() {
        String nodes = "sys/devices/system/node/";
        Map<Integer, Long> bytes = new TreeMap<>();
        for (String name : tree.names(nodes)) {
            Matcher node = NODE.matcher(name);
            if (node.matches()) {
                memory(nodes + name + "/meminfo").ifPresent(total -> bytes.put(Integer.parseInt(node.group(1)), total));
            }
        }
        sources.known(
                "numa-memory",
                nodes + "node*/meminfo",
                Optional.of(bytes).filter(found -> !found.isEmpty()),
                "no meminfo of a node in " + nodes);
        return bytes;
    }

    private Optional<Long> memory(String file) {
        return tree.text(file).flatMap(lines -> Numbers.kibibytes(lines, "MemTotal"));
    }

    private boolean unsafeInterrupts() {
        Optional<Boolean> parameter = tree.text(UNSAFE_INTERRUPTS).flatMap(SysfsScanner::parameter);
        return sources.known(
                        "allow-unsafe-interrupts",
                        UNSAFE_INTERRUPTS,
                        parameter,
                        "no such parameter, as when iommufd is not loaded")
                .orElse(false);
    }

    /** A boolean module parameter. */
    private static Optional<Boolean> parameter(String text) {
        return switch (text) {
            case "Y", "1" -> Optional.of(true);
            case "N", "0" -> Optional.of(false);
            default -> Optional.empty();
        };
    }
}
