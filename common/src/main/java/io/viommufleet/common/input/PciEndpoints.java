package io.viommufleet.common.input;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which emulated devices of a libvirt domain are PCI endpoints, and what libvirt calls them. A device with no address is
 * one if libvirt by its default gives it a PCI address, which is then on the root bus or on a root port of it.
 */
final class PciEndpoints {
    private static final Map<String, String> PREFIXES = Map.of(
            "interface", "net",
            "memballoon", "balloon",
            "filesystem", "fs",
            "disk", "virtio-disk");
    private static final Set<String> ALWAYS_PCI = Set.of("memballoon", "rng", "filesystem", "vsock", "crypto", "shmem");
    private static final Set<String> PCI_CONTROLLERS = Set.of("scsi", "virtio-serial", "usb");

    private final Map<String, Integer> count = new HashMap<>();

    /** The id of a device: its alias, or what libvirt would number it. */
    String id(XmlElement device) {
        String prefix = PREFIXES.getOrDefault(device.name(), device.name());
        int number = count.merge(prefix, 1, Integer::sum) - 1;
        return device.child("alias")
                .flatMap(alias -> alias.attribute("name"))
                .filter(name -> !name.isBlank())
                .orElse(prefix + number);
    }

    /** Whether a device that is not passed through is on a PCI bus of the guest. */
    static boolean isOne(XmlElement device) {
        Optional<XmlElement> address = device.child("address");
        return address.isPresent() ? address.get().get("type").equals("pci") : isPciByDefault(device);
    }

    private static boolean isPciByDefault(XmlElement device) {
        String model = device.attribute("model")
                .or(() -> device.child("model").flatMap(child -> child.attribute("type")))
                .orElse("");
        if (model.equals("none")) {
            return false;
        }
        return switch (device.name()) {
            case "interface" -> !List.of("usb-net", "spapr-vlan").contains(model);
            case "disk", "input" ->
                device.get("bus").equals("virtio")
                        || device.child("target")
                                .filter(target -> target.get("bus").equals("virtio"))
                                .isPresent();
            case "controller" -> PCI_CONTROLLERS.contains(device.get("type"));
            case "video" -> !model.equals("ramfb");
            case "watchdog" -> model.equals("i6300esb");
            default -> ALWAYS_PCI.contains(device.name());
        };
    }
}
