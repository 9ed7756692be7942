package io.viommufleet.deploy.view;

import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Whether a fleet has come to rest: every request is answered, every command is answered, and no VM waits for something that a
 * known host could still change.
 */
public final class Settlement {
    private Settlement() {}

    /**
     * What is still moving, each in a few words; empty when the fleet has settled.
     *
     * @param expectedHosts how many hosts there will be at least; until they are all admitted a pending VM may still find one
     */
    public static List<String> moving(FleetState state, int expectedHosts) {
        List<String> moving = new ArrayList<>();
        long admitted =
                state.inventories().keySet().stream().filter(state::admitted).count();
        if (admitted < Math.max(expectedHosts, state.inventories().size())) {
            moving.add("%d of %d hosts are admitted"
                    .formatted(
                            admitted,
                            Math.max(expectedHosts, state.inventories().size())));
        }
        state.requests().forEach((key, vm) -> unanswered(state, key, vm).ifPresent(moving::add));
        state.placements()
                .forEach((key, placement) -> unsettled(state, key, placement).ifPresent(moving::add));
        state.attachments().forEach((id, command) -> {
            Optional<Outcome> outcome = state.outcome(id);
            if (outcome.filter(answer -> answer.attachmentGeneration() == command.generation())
                    .isEmpty()) {
                moving.add("%s is not %s yet"
                        .formatted(
                                id.key(), command.attachment().desired().name().toLowerCase(Locale.ROOT)));
            }
        });
        return moving;
    }

    private static Optional<String> unanswered(FleetState state, CellKey<String> key, VirtualMachine vm) {
        Placement placement = state.placements().get(key);
        if (vm.spec().deleted()) {
            return Optional.ofNullable(placement).map(left -> key.key() + " is being deleted");
        }
        boolean answered = placement != null && placement.observedRequest().equals(RecordCodec.digest(vm));
        return answered ? Optional.empty() : Optional.of(key.key() + " is not answered yet");
    }

    private static Optional<String> unsettled(FleetState state, CellKey<String> key, Placement placement) {
        boolean settled = switch (placement.phase()) {
            case REFUSED, INFEASIBLE, RUNNING, FAILED -> true;
            case PENDING -> consideredEveryHost(state, key.cell(), placement.reason());
            case PLACING, DELETING -> false;
        };
        return settled ? Optional.empty() : Optional.of("%s is %s".formatted(key.key(), Words.of(placement.phase())));
    }

    /** A pending VM's reason begins with how many hosts were looked at, and counts those whose agent may still come. */
    private static boolean consideredEveryHost(FleetState state, int cell, String reason) {
        long hosts = state.inventories().keySet().stream()
                .filter(host -> host.cell() == cell)
                .count();
        return reason.startsWith("0/%d hosts".formatted(hosts))
                && !reason.contains("no admitted agent")
                && !reason.contains("silent agent");
    }

    /** How many VMs are in each phase, for a line of progress. */
    public static Map<Phase, Integer> phases(FleetState state) {
        Map<Phase, Integer> counts = new EnumMap<>(Phase.class);
        state.placements().values().forEach(placement -> counts.merge(placement.phase(), 1, Integer::sum));
        return counts;
    }
}
