package io.viommufleet.controller.cell;

import io.viommufleet.common.model.HostDrift;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.viommu.DeviceDecision;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A cell in numbers.
 *
 * @param vmsByPhase VMs in each phase, all phases present; those deleted are not counted
 * @param hostsByState hosts in each state, all states present
 * @param decisions standing decisions by model and answer
 * @param driftedHosts hosts whose admitted boot cannot do what the one before could, or can do more
 * @param strandedVms VMs that such a change left without a device
 * @param drift placements whose certificate did not follow from their configuration; must be 0
 */
public record CellSummary(
        Map<Phase, Long> vmsByPhase,
        Map<HostCondition, Long> hostsByState,
        Map<ModelAnswer, Long> decisions,
        long driftedHosts,
        long strandedVms,
        long drift) {

    /** Where a host stands for the controller. */
    public enum HostCondition {
        LIVE,
        SILENT,
        PENDING,
        CORDONED,
        QUARANTINED,
        LOST
    }

    /** A vIOMMU model (or none) and what was decided for a device behind it. */
    public record ModelAnswer(String model, String answer) implements Comparable<ModelAnswer> {
        @Override
        public int compareTo(ModelAnswer other) {
            int byModel = model.compareTo(other.model);
            return byModel != 0 ? byModel : answer.compareTo(other.answer);
        }
    }

    static CellSummary of(CellState state, Liveness liveness, long drift) {
        Map<Phase, Long> vms = new EnumMap<>(Phase.class);
        for (Phase phase : Phase.values()) {
            vms.put(phase, 0L);
        }
        Map<ModelAnswer, Long> decisions = new TreeMap<>();
        state.placements().values().forEach(owned -> {
            boolean gone = owned.value().phase() == Phase.DELETING
                    && owned.value().active().isEmpty();
            if (!gone) {
                vms.merge(owned.value().phase(), 1L, Long::sum);
                count(owned.value(), decisions);
            }
        });
        List<HostDrift> drifts = state.hostStates().values().stream()
                .flatMap(owned -> owned.value().drift().stream())
                .toList();
        return new CellSummary(vms, hosts(state, liveness), decisions, drifts.size(), stranded(drifts), drift);
    }

    private static long stranded(List<HostDrift> drifts) {
        return drifts.stream()
                .flatMap(drift -> drift.stranded().stream())
                .map(HostDrift.Stranded::vm)
                .distinct()
                .count();
    }

    private static void count(Placement placement, Map<ModelAnswer, Long> decisions) {
        placement.decision().ifPresent(admission -> {
            for (DeviceDecision device : admission.certificate().devices()) {
                String model = device.viommu().isPresent()
                        ? admission
                                .configuration()
                                .viommus()
                                .get(device.viommu().getAsInt())
                                .model()
                        : "none";
                decisions.merge(new ModelAnswer(model, device.nestingParent() ? "nested" : "plain"), 1L, Long::sum);
            }
        });
    }

    private static Map<HostCondition, Long> hosts(CellState state, Liveness liveness) {
        Map<HostCondition, Long> hosts = new EnumMap<>(HostCondition.class);
        for (HostCondition condition : HostCondition.values()) {
            hosts.put(condition, 0L);
        }
        state.inventories().forEach((name, reported) -> {
            Optional<HostState> known =
                    Optional.ofNullable(state.hostStates().get(name)).map(Owned::value);
            hosts.merge(condition(known, reported.by().incarnation(), liveness.of(name)), 1L, Long::sum);
        });
        return hosts;
    }

    private static HostCondition condition(
            Optional<HostState> known, String incarnation, Liveness.Judgement judgement) {
        if (known.flatMap(HostState::lost).isPresent()) {
            return HostCondition.LOST;
        }
        if (known.flatMap(HostState::admitted)
                .filter(life -> life.incarnation().equals(incarnation))
                .isEmpty()) {
            return HostCondition.PENDING;
        }
        if (known.flatMap(HostState::quarantine).isPresent()) {
            return HostCondition.QUARANTINED;
        }
        if (known.map(HostState::cordoned).orElse(false)) {
            return HostCondition.CORDONED;
        }
        return judgement == Liveness.Judgement.LIVE ? HostCondition.LIVE : HostCondition.SILENT;
    }
}
