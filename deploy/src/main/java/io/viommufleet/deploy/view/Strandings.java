package io.viommufleet.deploy.view;

import io.viommufleet.common.model.HostDrift;
import io.viommufleet.common.model.HostState;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.List;
import java.util.stream.Collectors;

/** Finds the host drifts that left a VM without a device. */
public final class Strandings {
    private Strandings() {}

    /** For people, a line each: what changed on the host that the VM was on, and what that does to its devices. */
    public static List<String> of(FleetState state, CellKey<String> vm) {
        return state.inventories().keySet().stream()
                .filter(host -> host.cell() == vm.cell())
                .flatMap(host -> state.hostState(host).flatMap(HostState::drift).stream()
                        .flatMap(drift -> of(host.key(), drift, vm.key()).stream()))
                .toList();
    }

    private static List<String> of(String host, HostDrift drift, String vm) {
        String changes = drift.changes().stream().map(HostDrift.Change::words).collect(Collectors.joining("; "));
        return drift.stranded().stream()
                .filter(one -> one.vm().equals(vm))
                .map(one -> "host %s changed with boot %s (%s), so %s = %s: %s"
                        .formatted(host, drift.toBoot(), changes, one.device(), one.bdf(), one.reason()))
                .toList();
    }
}
