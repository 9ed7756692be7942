package io.viommufleet.deploy.view;

import io.viommufleet.common.feasibility.Capability;
import io.viommufleet.common.feasibility.DeviceFacts;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostDrift;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A host as users see it.
 *
 * @param state Admitted, Waiting (for admission), Lost, Cordoned or Quarantined
 * @param iommu the kinds of its IOMMUs
 * @param canNest whether some device of it can have a nesting parent
 * @param reason why it cannot nest or takes no work; may be empty
 * @param devices how many devices it can give to VMs
 * @param free how many of them no VM has
 * @param drift what its last boot changed, if anything
 */
public record HostReport(
        String id,
        String state,
        String iommu,
        boolean canNest,
        String reason,
        int devices,
        int free,
        Optional<HostDrift> drift) {
    static HostReport of(FleetState state, CellKey<String> key, HostInventory host) {
        List<HostDevice> assignable = host.devices().stream()
                .filter(device -> !device.bridge())
                .filter(device -> device.boundToVfio() || host.assignable().contains(device.bdf()))
                .toList();
        Set<Bdf> held = held(state, key);
        Capability nesting = nesting(host, assignable);
        String hindrance = state.hostState(key).map(HostReport::hindrance).orElse("");
        return new HostReport(
                key.key(),
                stateOf(state, key),
                host.iommus().stream()
                        .map(iommu -> iommu.type().id())
                        .distinct()
                        .collect(Collectors.joining(", ")),
                nesting.available(),
                hindrance.isEmpty() ? nesting.whyNot().orElse("") : hindrance,
                assignable.size(),
                (int) assignable.stream()
                        .filter(device -> !held.contains(device.bdf()))
                        .count(),
                state.hostState(key).flatMap(HostState::drift));
    }

    /** What the last boot changed, in a few words; empty where it changed nothing. */
    public String driftWords() {
        return drift.map(found -> {
                    int changes = found.changes().size();
                    String stranded = found.stranded().stream()
                            .map(HostDrift.Stranded::vm)
                            .distinct()
                            .collect(Collectors.joining(", "));
                    return "%d %s%s"
                            .formatted(
                                    changes,
                                    changes == 1 ? "change" : "changes",
                                    stranded.isEmpty() ? "" : ", strands " + stranded);
                })
                .orElse("");
    }

    /** Why the host or some of its iommu groups take no work; may be empty. */
    private static String hindrance(HostState held) {
        Optional<String> whole = held.lost().or(held::quarantine);
        if (whole.isPresent() || held.quarantinedGroups().isEmpty()) {
            return whole.orElse("");
        }
        return "quarantined iommu groups: "
                + held.quarantinedGroups().stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    private static String stateOf(FleetState state, CellKey<String> key) {
        if (state.hostState(key).flatMap(HostState::lost).isPresent()) {
            return "Lost";
        }
        if (!state.admitted(key)) {
            return "Waiting";
        }
        HostState host = state.hostState(key).orElseThrow();
        if (host.quarantine().isPresent()) {
            return "Quarantined";
        }
        return host.cordoned() ? "Cordoned" : "Admitted";
    }

    /** The first device that can nest settles it; else the first one says why not. */
    private static Capability nesting(HostInventory host, List<HostDevice> devices) {
        Capability first = Capability.cannot("no device can be given to a VM");
        for (int index = 0; index < devices.size(); index++) {
            Capability one = switch (DeviceFacts.find(host, devices.get(index).bdf())) {
                case DeviceFacts.Lookup.Found(DeviceFacts facts) ->
                    facts.capabilities().nesting();
                case DeviceFacts.Lookup.Missing(String reason) -> Capability.cannot(reason);
            };
            if (one.available()) {
                return one;
            }
            first = index == 0 ? one : first;
        }
        return first;
    }

    private static Set<Bdf> held(FleetState state, CellKey<String> host) {
        return state.attachments().entrySet().stream()
                .filter(entry -> entry.getKey().cell() == host.cell()
                        && entry.getKey().key().host().equals(host.key()))
                .filter(entry -> entry.getValue().attachment().desired() == Attachment.Desired.ATTACHED
                        || state.outcome(entry.getKey())
                                .map(Outcome::state)
                                .filter(DeviceState.DETACHED::equals)
                                .isEmpty())
                .map(entry -> entry.getValue().attachment().bdf())
                .collect(Collectors.toSet());
    }
}
