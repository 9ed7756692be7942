package io.viommufleet.deploy.view;

import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VmSpec.OnHostLoss;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Says what a VM waits for, and what would have to happen for it to go on. */
public final class WhatNext {
    private WhatNext() {}

    /** For people, a sentence each; at least one. */
    public static List<String> of(FleetState state, CellKey<String> vm, Placement placement) {
        List<String> next = new ArrayList<>();
        placement.movement().ifPresent(movement -> next.add(moving(placement, movement)));
        OperationReport.all(state).stream()
                .filter(operation -> operation.key().cell() == vm.cell() && !operation.ended())
                .filter(operation ->
                        operation.moves().stream().anyMatch(move -> move.vm().equals(vm.key())))
                .forEach(operation -> next.add("operation %s (%s) moves it"
                        .formatted(operation.key().key(), operation.action().words())));
        lost(state, vm, placement).ifPresent(next::add);
        next.add(phase(state, vm, placement));
        return next;
    }

    private static String moving(Placement placement, Placement.Movement movement) {
        String target = placement.target().map(Placement.Leg::host).orElse("another host");
        String stage = switch (movement.stage()) {
            case PREPARING -> "%s attaches its devices while the guest runs on".formatted(target);
            case SWITCHING -> "the guest is handed over to %s".formatted(target);
            case STOPPING -> "its devices are detached before %s takes it".formatted(target);
            case STARTING -> "%s attaches its devices; should that fail, it goes back".formatted(target);
            case ROLLING_BACK -> "%s is given up: its devices there are detached".formatted(target);
        };
        return "it moves %s by operation %s: %s"
                .formatted(movement.mode() == MigrationMode.LIVE ? "live" : "cold", movement.operation(), stage);
    }

    private static Optional<String> lost(FleetState state, CellKey<String> vm, Placement placement) {
        return placement
                .active()
                .flatMap(leg -> state.hostState(new CellKey<>(vm.cell(), leg.host())))
                .filter(host -> host.lost().isPresent())
                .map(host -> lost(placement, host));
    }

    private static String lost(Placement placement, HostState host) {
        return "its host %s is lost (%s): %s"
                .formatted(
                        host.host(),
                        host.lost().orElse(""),
                        placement.spec().onHostLoss() == OnHostLoss.EVACUATE
                                ? "it is started elsewhere, as its onHostLoss says"
                                : "it waits for its host, or for 'fleet evacuate %s'".formatted(host.host()));
    }

    private static String phase(FleetState state, CellKey<String> vm, Placement placement) {
        return switch (placement.phase()) {
            case REFUSED -> "nothing, until it is asked for with a configuration that can be decided";
            case INFEASIBLE -> "nothing: no host can ever run this configuration";
            case PENDING ->
                "it is placed as soon as a host takes it; now: %s"
                        .formatted(PlacementQuestion.whyPending(state, vm, placement)
                                .orElse(placement.reason()));
            case PLACING -> "it runs once all its devices are attached; missing: " + missing(state, vm, placement);
            case RUNNING -> "it runs on; nothing is to be done";
            case FAILED -> "nothing by itself any more: change or delete it, or mend what its reason names";
            case DELETING -> "it is gone once all its devices are detached";
        };
    }

    private static String missing(FleetState state, CellKey<String> vm, Placement placement) {
        List<String> devices = placement.active().stream()
                .flatMap(leg -> leg.devices().keySet().stream().sorted().map(device -> {
                    AttachmentId id = new AttachmentId(leg.host(), vm.key(), device);
                    Optional<Outcome> outcome = state.outcome(new CellKey<>(vm.cell(), id));
                    return device
                            + outcome.map(told -> " (" + told.state().name().toLowerCase(Locale.ROOT) + ")")
                                    .orElse(" (not answered)");
                }))
                .toList();
        return devices.isEmpty() ? "a host" : String.join(", ", devices);
    }
}
