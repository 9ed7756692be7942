package io.viommufleet.common.viommu;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Puts a valid configuration in the order in which a decision sees it.
 *
 * <p>Devices are in guest-topology order: down the tree of buses, on each bus by slot, and after those what has no slot
 * in the order of the devices, as QEMU gives out slots. Devices on no PCI bus come last. vIOMMUs follow the first
 * device that each governs. The order in which the user listed vIOMMUs, buses and endpoints has no influence, and
 * neither has a name, except to tell apart what is equal in all else.
 */
final class CanonicalOrder {
    private final VmConfiguration configuration;
    private final GuestTopology topology;

    private CanonicalOrder(VmConfiguration configuration, MachineFamily family) {
        this.configuration = configuration;
        this.topology = new GuestTopology(configuration, family);
    }

    static VmConfiguration of(VmConfiguration configuration, MachineFamily family) {
        CanonicalOrder order = new CanonicalOrder(configuration, family);
        List<GuestDevice> devices = order.devices();
        return new VmConfiguration(
                configuration.machine(), order.viommus(devices), order.buses(), devices, order.endpoints());
    }

    /** Where something sits among the children of its bus: by slot; without one, by the first device in or below it. */
    private record Position(Optional<GuestSlot> slot, int firstDevice) {
        private static final Comparator<Position> ORDER = Comparator.comparing(
                        (Position position) -> position.slot().isEmpty())
                .thenComparing(position -> position.slot().orElse(new GuestSlot(0, 0)))
                .thenComparingInt(Position::firstDevice);
    }

    private List<GuestDevice> devices() {
        List<GuestDevice> devices = configuration.devices();
        Map<String, Integer> firstDeviceByBus = new HashMap<>();
        List<List<Position>> positions = new ArrayList<>();
        for (int i = 0; i < devices.size(); i++) {
            for (Bus bus : topology.pathTo(devices.get(i).bus())) {
                firstDeviceByBus.putIfAbsent(bus.id(), i);
            }
        }
        for (int i = 0; i < devices.size(); i++) {
            Stream<Position> buses = topology.pathTo(devices.get(i).bus()).stream()
                    .map(bus -> new Position(bus.slot(), firstDeviceByBus.getOrDefault(bus.id(), 0)));
            positions.add(Stream.concat(
                            buses, Stream.of(new Position(devices.get(i).slot(), i)))
                    .toList());
        }
        return IntStream.range(0, devices.size())
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> devices.get(i).kind() == DeviceKind.PLATFORM)
                        .thenComparing(positions::get, CanonicalOrder::comparePaths))
                .map(devices::get)
                .toList();
    }

    private static int comparePaths(List<Position> a, List<Position> b) {
        for (int depth = 0; depth < Math.min(a.size(), b.size()); depth++) {
            int order = Position.ORDER.compare(a.get(depth), b.get(depth));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(a.size(), b.size());
    }

    private List<Viommu> viommus(List<GuestDevice> devices) {
        List<Viommu> viommus = configuration.viommus();
        return IntStream.range(0, viommus.size())
                .boxed()
                .sorted(Comparator.comparing(
                                (Integer index) -> viommus.get(index).perBus())
                        .thenComparingInt(index -> firstGoverned(index, devices))
                        .thenComparing(index -> Preimage.of(viommus.get(index)))
                        .thenComparing(index -> viommus.get(index).primaryBus().orElse("")))
                .map(viommus::get)
                .toList();
    }

    private int firstGoverned(int viommu, List<GuestDevice> devices) {
        return IntStream.range(0, devices.size())
                .filter(i -> topology.placeOf(devices.get(i)).viommu().equals(OptionalInt.of(viommu)))
                .findFirst()
                .orElse(Integer.MAX_VALUE);
    }

    /** Every bus after its parent. */
    private List<Bus> buses() {
        return configuration.buses().stream()
                .sorted(Comparator.comparingInt((Bus bus) ->
                                topology.pathTo(Optional.of(bus.id())).size())
                        .thenComparing(Bus::id))
                .toList();
    }

    private List<EmulatedEndpoint> endpoints() {
        return configuration.emulatedEndpoints().stream()
                .sorted(Comparator.comparing(
                                (EmulatedEndpoint endpoint) -> endpoint.bus().orElse(""))
                        .thenComparing(EmulatedEndpoint::id))
                .toList();
    }
}
