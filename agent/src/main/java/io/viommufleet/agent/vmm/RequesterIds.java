package io.viommufleet.agent.vmm;

import io.viommufleet.common.viommu.Bus;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.VmConfiguration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The requester ids of a VM's devices: bus number, device and function. Buses are numbered as the configuration lists them, from 1 below the root bus, 0; a
 * device without a slot gets the first free one from 1, as QEMU gives it out, function 0.
 */
final class RequesterIds {
    private static final int DEVICES = 32;
    private static final int DEVICE_SHIFT = 3;
    private static final int BUS_SHIFT = 8;

    private RequesterIds() {}

    /** The ids by device; no two are equal. */
    static Map<String, Integer> of(VmConfiguration configuration) {
        Map<String, Integer> ids = new HashMap<>();
        Set<Integer> taken = new HashSet<>();
        List<GuestDevice> devices = configuration.devices();
        for (GuestDevice device : devices) {
            device.slot().ifPresent(slot -> {
                int id = id(busNumber(configuration, device), slot.device(), slot.function());
                if (taken.add(id)) {
                    ids.put(device.id(), id);
                }
            });
        }
        devices.stream().filter(device -> !ids.containsKey(device.id())).forEach(device -> {
            int bus = busNumber(configuration, device);
            int id = firstFree(bus, taken);
            taken.add(id);
            ids.put(device.id(), id);
        });
        return ids;
    }

    private static int firstFree(int bus, Set<Integer> taken) {
        for (int number = bus; ; number++) {
            for (int device = 1; device < DEVICES; device++) {
                int id = id(number, device, 0);
                if (!taken.contains(id)) {
                    return id;
                }
            }
        }
    }

    private static int busNumber(VmConfiguration configuration, GuestDevice device) {
        List<String> buses = configuration.buses().stream().map(Bus::id).toList();
        return 1 + device.bus().map(buses::indexOf).orElse(-1);
    }

    private static int id(int bus, int device, int function) {
        return bus << BUS_SHIFT | device << DEVICE_SHIFT | function;
    }
}
