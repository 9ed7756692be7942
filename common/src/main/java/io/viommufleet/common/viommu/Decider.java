package io.viommufleet.common.viommu;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Applies one rules version to one configuration: resolve, check, put in order, decide. */
final class Decider {
    private Decider() {}

    static Decision decide(VmConfiguration written, Rules rules) {
        Optional<MachineType> machine =
                MachineType.parse(rules.resolve(written.machine().type()));
        if (machine.isEmpty()) {
            return new Decision.Refused(rules.version(), List.of(unknownMachine(written.machine())));
        }
        MachineFamily family = machine.get().family();
        VmConfiguration filled = Defaults.fill(written, machine.get(), rules);
        List<ConfigurationError> errors = check(filled, machine.get(), rules);
        if (!errors.isEmpty()) {
            return new Decision.Refused(rules.version(), errors);
        }
        return new Evaluation(CanonicalOrder.of(filled, family), family, rules).decided();
    }

    private static List<ConfigurationError> check(VmConfiguration filled, MachineType machine, Rules rules) {
        ViommuCheck viommus = new ViommuCheck(filled, machine, rules);
        List<ConfigurationError> errors = new ArrayList<>(viommus.check());
        errors.addAll(TopologyCheck.check(filled, machine.family()));
        if (errors.isEmpty()) {
            errors.addAll(viommus.checkHostResolved(new GuestTopology(filled, machine.family())));
        }
        return errors;
    }

    private static ConfigurationError unknownMachine(Machine machine) {
        return new ConfigurationError(
                "machine.type",
                machine.type(),
                "unknown-machine",
                "unknown machine type %s: known are q35, pc, virt and s390-ccw-virtio, and versions such as pc-q35-10.0"
                        .formatted(machine.type()));
    }
}
