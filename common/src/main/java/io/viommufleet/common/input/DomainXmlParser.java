package io.viommufleet.common.input;

import io.viommufleet.common.viommu.ConfigurationError;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A libvirt domain: the VM that libvirt would start QEMU with, as far as vIOMMUs and guest topology are concerned. */
public final class DomainXmlParser {
    private static final List<String> HYPERVISORS = List.of("qemu", "kvm", "hvf");
    private static final String QEMU = "http://libvirt.org/schemas/domain/qemu/1.0";
    private static final Map<String, Long> UNITS = Map.ofEntries(
            Map.entry("b", 1L),
            Map.entry("bytes", 1L),
            Map.entry("KB", 1000L),
            Map.entry("k", 1L << 10),
            Map.entry("KiB", 1L << 10),
            Map.entry("MB", 1000_000L),
            Map.entry("M", 1L << 20),
            Map.entry("MiB", 1L << 20),
            Map.entry("GB", 1000_000_000L),
            Map.entry("G", 1L << 30),
            Map.entry("GiB", 1L << 30),
            Map.entry("TB", 1000_000_000_000L),
            Map.entry("T", 1L << 40),
            Map.entry("TiB", 1L << 40));

    private final XmlElement domain;
    private final QemuMachine machine = new QemuMachine();

    private DomainXmlParser(XmlElement domain) {
        this.domain = domain;
    }

    /** Reads the VM of a domain. */
    public static ParsedDocument read(String source, byte[] bytes) {
        try {
            XmlElement root = XmlElement.read(bytes);
            if (!root.name().equals("domain")) {
                return unusable(
                        source,
                        "not-a-domain",
                        "the root element is <%s>, not <domain>".formatted(Text.shown(root.name())));
            }
            return new DomainXmlParser(root).read(source);
        } catch (XmlElement.Malformed malformed) {
            return unusable(source, malformed.rule(), String.valueOf(malformed.getMessage()));
        }
    }

    private static ParsedDocument unusable(String source, String rule, String message) {
        return new ParsedDocument.Unusable(source, "", List.of(new ConfigurationError("", "", rule, message)));
    }

    private ParsedDocument read(String source) {
        machine.name = domain.child("name").map(XmlElement::text).orElse("");
        hypervisor();
        domain.child("memory").ifPresent(this::memory);
        domain.child("vcpu").ifPresent(this::cpus);
        features();
        new DomainDevices(domain, machine).collect();
        passedThrough();
        return VmAssembly.assemble(source, machine);
    }

    private void hypervisor() {
        String type = domain.get("type");
        if (!HYPERVISORS.contains(type)) {
            machine.error(
                    "domain.type",
                    type,
                    "unsupported-hypervisor",
                    "the hypervisor '%s' has no vIOMMU of QEMU: known are %s"
                            .formatted(Text.shown(type), String.join(", ", HYPERVISORS)));
            return;
        }
        Optional<XmlElement> os = domain.child("os", "type");
        String kind = os.map(XmlElement::text).orElse("hvm");
        if (!kind.equals("hvm")) {
            machine.error("os.type", kind, "unsupported-os-type", "only hvm domains are QEMU machines");
        }
        machine.architecture = os.flatMap(element -> element.attribute("arch"));
        machine.machineType =
                os.flatMap(element -> element.attribute("machine")).orElseGet(this::defaultMachine);
    }

    private String defaultMachine() {
        return switch (machine.architecture.orElse("x86_64")) {
            case "s390x" -> "s390-ccw-virtio";
            case "aarch64", "armv7l", "riscv64" -> "virt";
            default -> "pc";
        };
    }

    private void memory(XmlElement memory) {
        String unit = memory.attribute("unit").orElse("KiB");
        Long unitBytes = UNITS.get(unit);
        if (unitBytes == null || !memory.text().matches("[0-9]{1,19}")) {
            machine.error("memory", memory.text() + " " + unit, "bad-value", "no amount of memory");
            return;
        }
        BigInteger bytes = new BigInteger(memory.text()).multiply(BigInteger.valueOf(unitBytes));
        if (bytes.bitLength() > 62) {
            machine.error("memory", memory.text() + " " + unit, "bad-value", "more memory than there can be");
        } else if (bytes.signum() > 0) {
            machine.memoryBytes = bytes.longValueExact();
        }
    }

    private void cpus(XmlElement vcpu) {
        if (vcpu.text().matches("[0-9]{1,6}")) {
            machine.maxCpus = Optional.of(Integer.valueOf(vcpu.text()));
        } else {
            machine.error("vcpu", vcpu.text(), "bad-value", "no number of CPUs");
        }
    }

    private void features() {
        domain.child("features", "ioapic")
                .flatMap(ioapic -> ioapic.attribute("driver"))
                .ifPresent(driver -> {
                    switch (driver) {
                        case "qemu" -> machine.machineOptions.put("kernel-irqchip", "split");
                        case "kvm" -> machine.machineOptions.put("kernel-irqchip", "on");
                        default -> machine.error("features.ioapic.driver", driver, "bad-value", "write qemu or kvm");
                    }
                });
    }

    /** What libvirt hands to QEMU unread: {@code qemu:commandline} and {@code qemu:override}. */
    private void passedThrough() {
        for (XmlElement child : domain.children()) {
            if (!child.namespace().equals(QEMU)) {
                continue;
            }
            switch (child.name()) {
                case "commandline" ->
                    new QemuOptions(machine)
                            .take(child.children("arg").stream()
                                    .map(arg -> arg.get("value"))
                                    .toList());
                case "override" -> child.children("device").forEach(this::override);
                default -> {}
            }
        }
    }

    private void override(XmlElement device) {
        List<XmlElement> properties = device.child("frontend")
                .map(frontend -> frontend.children("property"))
                .orElse(List.of());
        machine.devices.stream()
                .filter(known ->
                        known.get("id").filter(device.get("alias")::equals).isPresent())
                .forEach(known -> properties.forEach(property -> override(known, property)));
    }

    private static void override(QemuDevice device, XmlElement property) {
        String value = property.get("value");
        switch (property.get("type")) {
            case "remove" -> device.remove(property.get("name"));
            case "bool" ->
                device.replace(
                        property.get("name"), value.equals("true") ? "on" : value.equals("false") ? "off" : value);
            default -> device.replace(property.get("name"), value);
        }
    }
}
