package io.viommufleet.agent.host;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.input.DeviceOverlay;
import io.viommufleet.common.input.HostOverlay;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.Metadata;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Puts what a file says over what was scanned. A value that the scan does not have is taken; one that it has must be the
 * same, because two sources that disagree are an error. Name, cell, labels, memory and assignable devices are for the file
 * to say.
 */
final class OverlayMerge {
    private final Path file;
    private final HostInventory scanned;
    private final HostOverlay said;
    private final Map<String, String> sources;

    OverlayMerge(Path file, HostInventory scanned, HostOverlay said) {
        this.file = file;
        this.scanned = scanned;
        this.said = said;
        this.sources = new TreeMap<>(scanned.sources());
    }

    HostInventory merged() {
        Optional<String> kernel = Optional.of(scanned.kernel()).filter(known -> !known.equals(Sources.UNKNOWN));
        return new HostInventory(
                metadata(),
                agreed("kernel", kernel, said.kernel()).orElse(Sources.UNKNOWN),
                agreed("vmm", scanned.vmm(), said.vmm()),
                chosen("memory", said.memoryBytes()).orElse(scanned.memoryBytes()),
                said.numaMemoryBytes().isEmpty()
                        ? scanned.numaMemoryBytes()
                        : chosen("numa-memory", Optional.of(said.numaMemoryBytes()))
                                .orElseThrow(),
                agreed("kernel-options", options(), said.kernelOptions()).orElse(List.of()),
                agreed("interrupt-remapping", scanned.interruptRemapping(), said.interruptRemapping()),
                agreed("allow-unsafe-interrupts", unsafeInterrupts(), said.allowUnsafeInterrupts())
                        .orElse(false),
                iommus(),
                devices(),
                chosen("assignable", said.assignable()).orElse(scanned.assignable()),
                chosen("rules-versions", said.rulesVersions()).orElse(scanned.rulesVersions()),
                faults(),
                sources);
    }

    private List<HostFault> faults() {
        for (HostFault fault : said.faults()) {
            if (fault.effect() instanceof HostFault.Effect.Lose(Bdf lost)
                    && scanned.devices().stream().noneMatch(found -> found.bdf().equals(lost))) {
                throw wrong("the scan found no device %s to lose".formatted(lost));
            }
        }
        return said.faults();
    }

    private Metadata metadata() {
        Metadata given = said.metadata();
        return given.name().isEmpty() ? new Metadata(scanned.metadata().name(), given.cell(), given.labels()) : given;
    }

    private Optional<List<String>> options() {
        return Optional.of(scanned.kernelOptions()).filter(options -> !options.isEmpty());
    }

    private Optional<Boolean> unsafeInterrupts() {
        return known("allow-unsafe-interrupts") ? Optional.of(scanned.allowUnsafeInterrupts()) : Optional.empty();
    }

    private List<HostIommu> iommus() {
        Map<String, HostIommu> byId = new TreeMap<>();
        scanned.iommus().forEach(iommu -> byId.put(iommu.id(), iommu));
        said.iommus().forEach(iommu -> byId.merge(iommu.id(), iommu, this::iommu));
        return List.copyOf(byId.values());
    }

    private HostIommu iommu(HostIommu found, HostIommu given) {
        String path = "iommus." + found.id() + ".";
        agreed(path + "type", Optional.of(found.type()), Optional.of(given.type()));
        Map<String, Long> registers = new HashMap<>(found.registers());
        given.registers()
                .forEach((name, value) -> agreed(
                                path + name,
                                Optional.ofNullable(found.registers().get(name)),
                                Optional.of(value))
                        .ifPresent(agreed -> registers.put(name, agreed)));
        if (!registers.isEmpty()) {
            sources.remove(path + "registers");
        }
        return new HostIommu(found.id(), found.type(), registers);
    }

    private List<HostDevice> devices() {
        List<HostDevice> devices = new ArrayList<>();
        for (HostDevice found : scanned.devices()) {
            devices.add(said.devices().stream()
                    .filter(given -> given.bdf().equals(found.bdf()))
                    .findFirst()
                    .map(given -> device(found, given))
                    .orElse(found));
        }
        said.devices().stream()
                .filter(given -> devices.stream().noneMatch(found -> found.bdf().equals(given.bdf())))
                .findFirst()
                .ifPresent(stranger -> {
                    throw wrong("the scan found no device at %s".formatted(stranger.bdf()));
                });
        return devices;
    }

    private HostDevice device(HostDevice found, DeviceOverlay given) {
        String path = "devices." + found.bdf() + ".";
        Optional<Integer> pasidBits = known(path + "pasid-bits") ? Optional.of(found.pasidBits()) : Optional.empty();
        return new HostDevice(
                found.bdf(),
                agreed(path + "vendor", Optional.of(found.vendor()), given.vendor())
                        .orElseThrow(),
                agreed(path + "device", Optional.of(found.device()), given.device())
                        .orElseThrow(),
                agreed(path + "class", Optional.of(found.deviceClass()), given.deviceClass())
                        .orElseThrow(),
                agreed(path + "group", found.group(), given.group()),
                agreed(path + "iommu", found.iommu(), given.iommu()),
                agreed(path + "numa", found.numa(), given.numa()),
                agreed(path + "driver", found.driver(), given.driver()),
                agreed(path + "pasid-bits", pasidBits, given.pasidBits()).orElse(0),
                agreed(path + "physical-function", found.physicalFunction(), given.physicalFunction()),
                given.virtualFunctions().isEmpty() ? found.virtualFunctions() : given.virtualFunctions(),
                given.reservedRegions().isEmpty() ? found.reservedRegions() : given.reservedRegions(),
                agreed(path + "reset", found.canReset(), given.canReset()),
                agreed(path + "migration", found.canMigrate(), given.canMigrate()),
                found.cdev());
    }

    /** A value that is there without a note was shown by sysfs. */
    private boolean known(String value) {
        return !Sources.isUnknown(scanned.sources().getOrDefault(value, ""));
    }

    private <T> Optional<T> agreed(String value, Optional<T> found, Optional<T> given) {
        if (found.isPresent() && given.isPresent() && !found.equals(given)) {
            throw wrong("%s is %s by the file and %s by the scan (%s)"
                    .formatted(
                            value, given.get(), found.get(), scanned.sources().getOrDefault(value, "sysfs")));
        }
        return found.isPresent() ? found : chosen(value, given);
    }

    private <T> Optional<T> chosen(String value, Optional<T> given) {
        given.ifPresent(present -> sources.put(value, String.valueOf(file.getFileName())));
        return given;
    }

    private FleetException wrong(String message) {
        return new FleetException(FleetError.USAGE, "%s contradicts the host: %s".formatted(file, message));
    }
}
