package io.viommufleet.common.input;

import io.viommufleet.common.viommu.ConfigurationError;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A VM as QEMU is told it: what the two spellings, XML and arguments, have in common. Filled by a parser. One thread. */
final class QemuMachine {
    /** What QEMU gives a VM that does not say. */
    static final long DEFAULT_MEMORY_BYTES = 128L << 20;

    /** A {@code -set} or {@code -global}, for when all devices are known. */
    record Setting(String target, String property, String value) {}

    Optional<String> architecture = Optional.empty();
    String name = "";
    String machineType = "";
    long memoryBytes = DEFAULT_MEMORY_BYTES;
    Optional<Integer> maxCpus = Optional.empty();
    final Map<String, String> machineOptions = new HashMap<>();
    final List<QemuDevice> devices = new ArrayList<>();
    final List<Setting> byId = new ArrayList<>();
    final List<Setting> byDriver = new ArrayList<>();
    final List<ConfigurationError> errors = new ArrayList<>();

    void error(String property, String value, String rule, String message) {
        errors.add(new ConfigurationError(property, Text.shown(value), rule, message));
    }

    /** Applies {@code -set} and {@code -global}; a global value gives way to one that the device itself has. */
    void applySettings() {
        for (Setting setting : byId) {
            devices.stream()
                    .filter(device ->
                            device.get("id").filter(setting.target()::equals).isPresent())
                    .forEach(device -> device.replace(setting.property(), setting.value()));
        }
        for (Setting setting : byDriver) {
            devices.stream()
                    .filter(device -> device.driver().equals(setting.target()))
                    .filter(device -> !Spellings.isSet(device, setting.property()))
                    .forEach(device -> device.with(setting.property(), setting.value()));
        }
    }
}
