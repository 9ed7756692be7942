package io.viommufleet.common.input;

import io.viommufleet.common.viommu.BusType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The devices of a libvirt domain as the QEMU devices that libvirt makes of them. PCI controllers that libvirt would add by
 * itself are added where something refers to them.
 */
final class DomainDevices {
    private static final String EMULATED = "emulated ";
    private static final Set<String> ROOTS = Set.of("pci-root", "pcie-root");

    private final XmlElement domain;
    private final QemuMachine machine;
    private final String rootBus;
    private final Map<Integer, String> busById = new TreeMap<>();
    private final Set<Integer> referredTo = new TreeSet<>();
    private final PciEndpoints endpoints = new PciEndpoints();
    private int hostDevices;

    DomainDevices(XmlElement domain, QemuMachine machine) {
        this.domain = domain;
        this.machine = machine;
        this.rootBus = VmAssembly.rootBus(machine.machineType);
    }

    void collect() {
        List<XmlElement> devices =
                domain.child("devices").map(XmlElement::children).orElse(List.of());
        busById.put(0, rootBus);
        List<XmlElement> controllers =
                devices.stream().filter(DomainDevices::isPciController).toList();
        nameBuses(controllers);
        controllers.forEach(this::controller);
        int iommus = 0;
        for (XmlElement device : devices) {
            if (device.name().equals("iommu")) {
                new DomainIommu(device, machine, this::busOf).add("iommu" + iommus++);
            }
        }
        devices.stream()
                .filter(device ->
                        device.name().equals("interface") && device.get("type").equals("hostdev"))
                .forEach(device -> hostDevice(device, "pci"));
        devices.stream()
                .filter(device -> device.name().equals("hostdev"))
                .forEach(device -> hostDevice(device, device.get("type")));
        if (iommus == 0 && ExtendedInterrupts.areNeeded(machine)) {
            machine.devices.add(new QemuDevice("intel-iommu").with("id", "iommu0"));
        }
        ExtendedInterrupts.turnOn(machine);
        devices.forEach(this::endpoint);
        addBalloon(devices);
        addReferredTo();
    }

    private static boolean isPciController(XmlElement device) {
        return device.name().equals("controller") && device.get("type").equals("pci");
    }

    private void nameBuses(List<XmlElement> controllers) {
        for (XmlElement controller : controllers) {
            controller
                    .number("index")
                    .filter(index -> index > 0)
                    .ifPresent(index -> busById.put(index, alias(controller, "pci." + index)));
        }
    }

    private static String alias(XmlElement device, String otherwise) {
        return device.child("alias")
                .flatMap(alias -> alias.attribute("name"))
                .filter(name -> !name.isBlank())
                .orElse(otherwise);
    }

    private void controller(XmlElement controller) {
        String model = controller.get("model");
        if (ROOTS.contains(model)
                || controller.number("index").filter(index -> index == 0).isPresent()) {
            return;
        }
        Optional<BusType> type = BusType.named(model);
        if (type.isEmpty()) {
            machine.error("devices.controller.model", model, "bad-value", "unknown model of a PCI controller");
            return;
        }
        int index = controller.number("index").orElseGet(this::freeIndex);
        String id = busById.computeIfAbsent(index, free -> alias(controller, "pci." + free));
        machine.devices.add(placed(new QemuDevice(type.get().toString()).with("id", id), controller));
    }

    private int freeIndex() {
        int index = 1;
        while (busById.containsKey(index)) {
            index++;
        }
        return index;
    }

    private void hostDevice(XmlElement device, String type) {
        String id = alias(device, "hostdev" + hostDevices++);
        if (device.child("address")
                .filter(address -> address.get("type").equals("unassigned"))
                .isPresent()) {
            return; // the host gives it up, and the guest does not get it
        }
        switch (type) {
            case "pci" -> pciDevice(device, id);
            case "mdev" -> mediatedDevice(device, id);
            default -> {} // USB, SCSI and their like reach no IOMMU through VFIO
        }
    }

    private void pciDevice(XmlElement device, String id) {
        QemuDevice pci = new QemuDevice("vfio-pci").with("id", id);
        device.child("source", "address").ifPresent(address -> pci.with("host", bdf(address)));
        boolean iommufd = device.child("driver")
                .flatMap(driver -> driver.attribute("iommufd"))
                .filter(List.of("yes", "on")::contains)
                .isPresent();
        if (iommufd) {
            pci.with("iommufd", "iommufd0");
        }
        machine.devices.add(placed(pci, device));
    }

    private String bdf(XmlElement address) {
        int slot = address.number("slot").orElse(0);
        int function = address.number("function").orElse(0);
        return "%04x:%02x:%02x.%x"
                .formatted(
                        address.number("domain").orElse(0),
                        address.number("bus").orElse(0),
                        slot,
                        function);
    }

    private void mediatedDevice(XmlElement device, String id) {
        String model = device.attribute("model").orElse("vfio-pci");
        QemuDevice mediated = new QemuDevice(PassthroughDevices.isOne(model) ? model : "vfio-pci")
                .with("id", id)
                .with(
                        "sysfsdev",
                        "/sys/bus/mdev/devices/"
                                + device.child("source", "address")
                                        .map(address -> address.get("uuid"))
                                        .orElse(""));
        machine.devices.add(placed(mediated, device));
    }

    /** The device with its bus and slot, where the domain says. */
    private QemuDevice placed(QemuDevice device, XmlElement element) {
        Optional<XmlElement> address = element.child("address")
                .filter(given -> given.get("type").equals("pci"))
                .filter(given -> given.attribute("slot").isPresent()
                        || given.attribute("bus").isPresent());
        address.ifPresent(given -> {
            device.with("bus", busOf(given.number("bus").orElse(0)));
            device.with(
                    "addr",
                    "%x.%x"
                            .formatted(
                                    given.number("slot").orElse(0),
                                    given.number("function").orElse(0)));
        });
        return device;
    }

    /** The id of the bus that a controller's index makes, whether the domain has the controller or libvirt adds it. */
    private String busOf(int index) {
        referredTo.add(index);
        return busById.getOrDefault(index, "pci." + index);
    }

    private void endpoint(XmlElement device) {
        boolean passthrough = device.name().equals("hostdev")
                || (device.name().equals("interface") && device.get("type").equals("hostdev"));
        if (passthrough || device.name().equals("iommu") || isPciController(device)) {
            return;
        }
        if (PciEndpoints.isOne(device)) {
            QemuDevice endpoint = placed(new QemuDevice(EMULATED + device.name()), device);
            endpoint.remove("addr");
            machine.devices.add(onRootBus(endpoint).with("id", endpoints.id(device)));
        }
    }

    private QemuDevice onRootBus(QemuDevice device) {
        return device.get("bus").isPresent() ? device : device.with("bus", rootBus);
    }

    /** libvirt gives a domain that does not speak of a memory balloon a virtio one. */
    private void addBalloon(List<XmlElement> devices) {
        if (devices.stream().noneMatch(device -> device.name().equals("memballoon"))) {
            machine.devices.add(
                    onRootBus(new QemuDevice(EMULATED + "memballoon")).with("id", "balloon0"));
        }
    }

    /** Adds the controllers that something refers to and that the domain leaves to libvirt. */
    private void addReferredTo() {
        String driver = (rootBus.equals("pcie.0") ? BusType.PCIE_ROOT_PORT : BusType.PCI_BRIDGE).toString();
        List<QemuDevice> added = new ArrayList<>();
        for (int index : referredTo) {
            if (!busById.containsKey(index)) {
                added.add(new QemuDevice(driver).with("id", "pci." + index));
            }
        }
        machine.devices.addAll(added);
    }
}
