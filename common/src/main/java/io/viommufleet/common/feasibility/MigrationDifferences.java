package io.viommufleet.common.feasibility;

import io.viommufleet.common.feasibility.MigrationObstacle.Kind;
import io.viommufleet.common.viommu.Bus;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.Property;
import io.viommufleet.common.viommu.Viommu;
import io.viommufleet.common.viommu.VmConfiguration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What must be equal on both sides of a migration because the guest sees it. QEMU compares none of it (the vIOMMU's state carries no properties): the same
 * command line on both sides is the operator's job, which is done here.
 */
final class MigrationDifferences {
    private final List<MigrationObstacle> found = new ArrayList<>();

    private MigrationDifferences() {}

    /** The differences of two canonical configurations. */
    static List<MigrationObstacle> between(VmConfiguration source, VmConfiguration target) {
        MigrationDifferences differences = new MigrationDifferences();
        differences.compare(
                "machine.type", source.machine().type(), target.machine().type());
        differences.viommus(source.viommus(), target.viommus());
        differences.each("buses", source.buses(), target.buses(), Bus::id, Bus::toString);
        differences.each("devices", source.devices(), target.devices(), GuestDevice::id, MigrationDifferences::place);
        return differences.found;
    }

    private void viommus(List<Viommu> source, List<Viommu> target) {
        compare("viommus", source.size() + " vIOMMUs", target.size() + " vIOMMUs");
        for (int index = 0; index < Math.min(source.size(), target.size()); index++) {
            String path = "viommus[%d]".formatted(index);
            Viommu one = source.get(index);
            Viommu other = target.get(index);
            compare(path + ".model", one.model().toString(), other.model().toString());
            if (one.model() == other.model()) {
                compare(path + ".", properties(one), properties(other));
            }
        }
    }

    private static Map<String, String> properties(Viommu viommu) {
        return viommu.properties().stream().collect(Collectors.toMap(Property::name, Property::value));
    }

    /** Where the guest finds a device; by which backend the host serves it is the host's affair. */
    private static String place(GuestDevice device) {
        return "%s on %s at %s"
                .formatted(
                        device.kind(),
                        device.bus().orElse("the root bus"),
                        device.slot().map(Object::toString).orElse("any slot"));
    }

    private <T> void each(
            String list, List<T> source, List<T> target, Function<T, String> id, Function<T, String> shown) {
        compare(
                list + ".",
                source.stream().collect(Collectors.toMap(id, shown)),
                target.stream().collect(Collectors.toMap(id, shown)));
    }

    private void compare(String prefix, Map<String, String> source, Map<String, String> target) {
        TreeSet<String> names = new TreeSet<>(source.keySet());
        names.addAll(target.keySet());
        names.forEach(name ->
                compare(prefix + name, source.getOrDefault(name, "absent"), target.getOrDefault(name, "absent")));
    }

    private void compare(String path, String source, String target) {
        if (!source.equals(target)) {
            found.add(new MigrationObstacle(
                    Kind.DIFFERENCE, path, "%s on the source, %s on the target".formatted(source, target)));
        }
    }
}
