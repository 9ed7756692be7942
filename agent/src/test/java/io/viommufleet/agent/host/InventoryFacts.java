package io.viommufleet.agent.host;

import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An inventory's IOMMUs and functions, a line each, in the form of the captured trees' {@code .facts} files. */
final class InventoryFacts {
    private InventoryFacts() {}

    static List<String> lines(HostInventory host) {
        return Stream.concat(
                        host.iommus().stream().map(InventoryFacts::line),
                        host.devices().stream().map(InventoryFacts::line))
                .toList();
    }

    private static String line(HostIommu iommu) {
        return Stream.concat(
                        Stream.of(iommu.id(), iommu.type().id()),
                        new TreeMap<>(iommu.registers())
                                .entrySet().stream().map(entry -> "%s=%x".formatted(entry.getKey(), entry.getValue())))
                .collect(Collectors.joining(" "));
    }

    static String line(HostDevice device) {
        return "%s %04x:%04x %06x group=%s iommu=%s numa=%s driver=%s pasid=%d physfn=%s virtfns=%s reset=%s cdev=%s regions=%s"
                .formatted(
                        device.bdf(),
                        device.vendor(),
                        device.device(),
                        device.deviceClass(),
                        orDash(device.group()),
                        orDash(device.iommu()),
                        orDash(device.numa()),
                        orDash(device.driver()),
                        device.pasidBits(),
                        orDash(device.physicalFunction()),
                        list(device.virtualFunctions()),
                        device.canReset().map(can -> can ? "yes" : "no").orElse("-"),
                        orDash(device.cdev()),
                        list(device.reservedRegions().stream()
                                .map(region -> "%x-%x:%s".formatted(region.start(), region.last(), region.type()))
                                .toList()));
    }

    private static String orDash(Optional<?> value) {
        return value.map(String::valueOf).orElse("-");
    }

    private static String list(Collection<?> values) {
        return values.isEmpty() ? "-" : values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
