package io.viommufleet.common.input;

import io.viommufleet.common.viommu.Names;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;

/** An {@code <iommu>} of a libvirt domain as the QEMU device, or machine option, that libvirt makes of it. */
final class DomainIommu {
    private static final Map<String, String> MODELS = Map.of(
            "intel", "intel-iommu",
            "smmuv3", "arm-smmuv3",
            "virtio", "virtio-iommu-pci",
            "amd", "amd-iommu");
    private static final Map<String, String> COMMON = Map.of(
            "intremap", "intremap",
            "iotlb", "device-iotlb",
            "dma_translation", "dma-translation",
            "aw_bits", "aw-bits");
    private static final Map<String, Map<String, String>> PROPERTIES = Map.of(
            "intel", Map.of("caching_mode", "caching-mode", "eim", "eim", "passthrough", "pt"),
            "smmuv3",
                    Map.of(
                            "accel",
                            "accel",
                            "ats",
                            "ats",
                            "ril",
                            "ril",
                            "ssidSize",
                            "ssidsize",
                            "oas",
                            "oas",
                            "cmdqv",
                            "cmdqv"),
            "virtio", Map.of("granule", "granule"),
            "amd", Map.of("xtsup", "xtsup", "passthrough", "pt"));
    private static final List<String> NOT_ON_SMMU = List.of("smmuv3");

    private final XmlElement iommu;
    private final QemuMachine machine;
    private final IntFunction<String> busOf;
    private final String model;

    DomainIommu(XmlElement iommu, QemuMachine machine, IntFunction<String> busOf) {
        this.iommu = iommu;
        this.machine = machine;
        this.busOf = busOf;
        this.model = iommu.get("model");
    }

    /** Adds the device, or an error. */
    void add(String id) {
        String driver = MODELS.get(model);
        if (driver == null) {
            String hint = Names.nearest(model, MODELS.keySet())
                    .map("did you mean %s?"::formatted)
                    .orElse("known are " + String.join(", ", new TreeMap<>(MODELS).keySet()));
            machine.error("iommu.model", model, "unknown-model", "unknown model of an <iommu>: " + hint);
            return;
        }
        QemuDevice device = new QemuDevice(driver).with("id", alias().orElse(id));
        iommu.child("driver").ifPresent(settings -> settings(settings, device));
        machine.devices.add(device);
    }

    private Optional<String> alias() {
        return iommu.child("alias").flatMap(alias -> alias.attribute("name"));
    }

    private void settings(XmlElement driver, QemuDevice device) {
        Map<String, String> known = new TreeMap<>(PROPERTIES.getOrDefault(model, Map.of()));
        if (!NOT_ON_SMMU.contains(model)) {
            known.putAll(COMMON);
        }
        for (Map.Entry<String, String> setting : new TreeMap<>(driver.attributes()).entrySet()) {
            String name = setting.getKey();
            if (name.equals("pciBus") && model.equals("smmuv3")) {
                primaryBus(driver, device);
            } else if (known.containsKey(name)) {
                device.with(known.getOrDefault(name, name), setting.getValue());
            } else {
                unknown(name, setting.getValue(), known);
            }
        }
        driver.child("granule").ifPresent(granule -> device.with("granule", granule(granule)));
    }

    private void primaryBus(XmlElement driver, QemuDevice device) {
        Optional<Integer> index = driver.number("pciBus");
        if (index.isPresent()) {
            device.with("primary-bus", busOf.apply(index.get()));
        } else {
            machine.error(
                    "iommu.driver.pciBus", driver.get("pciBus"), "bad-value", "write the index of a PCI controller");
        }
    }

    private void unknown(String name, String value, Map<String, String> known) {
        String hint = Names.nearest(name, known.keySet())
                .map("did you mean %s?"::formatted)
                .orElse("known are " + String.join(", ", known.keySet()));
        machine.error(
                "iommu.driver." + Text.shown(name),
                value,
                "unknown-property",
                "unknown attribute %s of the driver of a %s <iommu>: %s".formatted(Text.shown(name), model, hint));
    }

    /** {@code <granule mode='host'/>} or {@code <granule size='4' unit='KiB'/>}. */
    private static String granule(XmlElement granule) {
        if (granule.attribute("mode").isPresent()) {
            return granule.get("mode");
        }
        String unit = granule.attribute("unit").orElse("KiB");
        return granule.get("size") + (unit.equals("KiB") || unit.equals("k") ? "k" : unit);
    }
}
