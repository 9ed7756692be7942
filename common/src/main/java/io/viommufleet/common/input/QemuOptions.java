package io.viommufleet.common.input;

import io.viommufleet.common.viommu.Property;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Takes QEMU options, one after the other, into a {@link QemuMachine}; those that cannot concern a vIOMMU are passed over. */
final class QemuOptions {
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(64).build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .build();
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})(?:\\.[0-9]+)?([bBkKmMgGtTpP]?)");

    private final QemuMachine machine;

    QemuOptions(QemuMachine machine) {
        this.machine = machine;
    }

    /** Takes words that follow the emulator's path. */
    void take(List<String> words) {
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (!word.startsWith("-") || word.length() < 2) {
                continue;
            }
            String option = word.startsWith("--") ? word.substring(2) : word.substring(1);
            boolean hasValue = i + 1 < words.size() && !words.get(i + 1).startsWith("-");
            if (take(option, hasValue ? Optional.of(words.get(i + 1)) : Optional.empty())) {
                i++;
            }
        }
    }

    /** Takes an option, and says whether it has used the value. */
    private boolean take(String option, Optional<String> value) {
        if (value.isEmpty()) {
            if (List.of("device", "machine", "M").contains(option)) {
                machine.error("-" + option, "", "missing-value", "-%s needs a value".formatted(option));
            }
            return false;
        }
        String text = value.get();
        switch (option) {
            case "machine", "M" -> machine(text);
            case "device" -> device(text);
            case "m" -> memory(text);
            case "smp" -> cpus(text);
            case "accel" -> OptionList.parse(text).get("kernel-irqchip").ifPresent(this::irqchip);
            case "name" -> name(text);
            case "set" -> set(text);
            case "global" -> global(text);
            default -> {
                return false;
            }
        }
        return true;
    }

    private void machine(String text) {
        OptionList options = OptionList.parse(text);
        options.first().or(() -> options.get("type")).ifPresent(type -> machine.machineType = type);
        for (Property option : options.options()) {
            machine.machineOptions.put(option.name().replace('_', '-'), option.value());
        }
    }

    private void irqchip(String value) {
        machine.machineOptions.put("kernel-irqchip", value);
    }

    private void name(String text) {
        OptionList options = OptionList.parse(text);
        options.first().or(() -> options.get("guest")).ifPresent(name -> machine.name = name);
    }

    private void memory(String text) {
        OptionList options = OptionList.parse(text);
        String size = options.first().or(() -> options.get("size")).orElse("");
        Optional<Long> bytes = size(size);
        if (bytes.isPresent()) {
            machine.memoryBytes = bytes.get();
        } else if (!size.isEmpty()) {
            machine.error("-m", size, "bad-value", "'%s' is no amount of memory".formatted(Text.shown(size)));
        }
    }

    private static Optional<Long> size(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String unit = matcher.group(2).isEmpty() ? "m" : matcher.group(2).toLowerCase(java.util.Locale.ROOT);
        try {
            long bytes = Math.multiplyExact(
                    Long.parseLong(matcher.group(1)), 1L << (10 * Math.max(0, "bkmgtp".indexOf(unit))));
            return Optional.of(bytes).filter(size -> size > 0);
        } catch (ArithmeticException tooLarge) {
            return Optional.empty();
        }
    }

    private void cpus(String text) {
        OptionList options = OptionList.parse(text);
        String count = options.get("maxcpus")
                .or(options::first)
                .or(() -> options.get("cpus"))
                .orElse("1");
        if (count.matches("[0-9]{1,6}")) {
            machine.maxCpus = Optional.of(Integer.valueOf(count));
        } else {
            machine.error("-smp", count, "bad-value", "'%s' is no number of CPUs".formatted(Text.shown(count)));
        }
    }

    private void set(String text) {
        String[] parts = text.split("[.=]", 4);
        if (parts.length == 4 && parts[0].equals("device")) {
            machine.byId.add(new QemuMachine.Setting(parts[1], parts[2], parts[3]));
        }
    }

    private void global(String text) {
        OptionList options = OptionList.parse(text);
        Optional<String> driver = options.get("driver");
        if (driver.isPresent()) {
            machine.byDriver.add(new QemuMachine.Setting(
                    driver.get(),
                    options.get("property").orElse(""),
                    options.get("value").orElse("")));
            return;
        }
        String[] parts = text.split("[.=]", 3);
        if (parts.length == 3) {
            machine.byDriver.add(new QemuMachine.Setting(parts[0], parts[1], parts[2]));
        }
    }

    private void device(String text) {
        if (text.startsWith("{")) {
            jsonDevice(text);
            return;
        }
        OptionList options = OptionList.parse(text);
        Optional<String> driver = options.first().or(() -> options.get("driver"));
        QemuDevice device = new QemuDevice(driver.orElse(""));
        options.options().stream()
                .filter(option -> !option.name().equals("driver"))
                .forEach(option -> device.with(option.name(), option.value()));
        machine.devices.add(device);
    }

    private void jsonDevice(String text) {
        try {
            JsonNode tree = JSON.readTree(text);
            QemuDevice device = new QemuDevice(tree.path("driver").asString(""));
            tree.propertyNames().stream()
                    .filter(name -> !name.equals("driver"))
                    .forEach(name -> device.with(name, text(tree.path(name))));
            machine.devices.add(device);
        } catch (JacksonException malformed) {
            machine.error(
                    "-device",
                    text,
                    "malformed-json",
                    "not JSON: " + Text.oneLine(String.valueOf(malformed.getOriginalMessage())));
        }
    }

    private static String text(JsonNode value) {
        if (value.isBoolean()) {
            return value.asBoolean() ? "on" : "off";
        }
        return value.isValueNode() ? value.asString("") : value.toString();
    }
}
