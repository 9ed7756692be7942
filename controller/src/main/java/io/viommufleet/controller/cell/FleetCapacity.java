package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.controller.placement.Candidate;
import io.viommufleet.controller.placement.HostView;
import io.viommufleet.controller.placement.PlacementResult;
import io.viommufleet.controller.placement.Placer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the hosts of the cell have left, as of the state plus what the step has claimed so far.
 *
 * <p>Claims are read off the attachments: a device is held from the command that attaches it until its detach is confirmed.
 */
final class FleetCapacity {
    private final CellState state;
    private final Placer placer;
    private final Map<String, HostView> hosts = new TreeMap<>();
    private final Map<String, Integer> vmsByHost = new HashMap<>();

    FleetCapacity(CellState state, Draft draft, Placer placer, Liveness liveness) {
        this.state = state;
        this.placer = placer;
        Map<String, Map<Bdf, String>> holders = holders();
        Map<String, Long> memory = memory();
        state.inventories()
                .forEach((name, reported) -> hosts.put(
                        name,
                        view(
                                reported,
                                draft.hostState(name),
                                liveness.isLive(reported.by().incarnation()),
                                holders.getOrDefault(name, Map.of()),
                                memory.getOrDefault(name, 0L))));
    }

    /** Whether an agent was heard of lately enough to be given new work. */
    interface Liveness {
        boolean isLive(String incarnation);
    }

    private static HostView view(
            Reported<HostInventory> reported,
            Optional<HostState> hostState,
            boolean live,
            Map<Bdf, String> holders,
            long memory) {
        boolean admitted = hostState
                .flatMap(HostState::admitted)
                .filter(life -> life.incarnation().equals(reported.by().incarnation()))
                .isPresent();
        return new HostView(
                reported.value(),
                admitted,
                live,
                hostState.map(HostState::cordoned).orElse(false),
                hostState.flatMap(HostState::quarantine),
                new HashSet<>(hostState.map(HostState::quarantinedGroups).orElse(List.of())),
                holders,
                memory);
    }

    private Map<String, Map<Bdf, String>> holders() {
        Map<String, Map<Bdf, String>> holders = new HashMap<>();
        for (Owned<Attachment> command : state.attachments().values()) {
            if (!isFree(command)) {
                Attachment attachment = command.value();
                holders.computeIfAbsent(attachment.id().host(), host -> new HashMap<>())
                        .put(attachment.bdf(), attachment.id().vm());
            }
        }
        return holders;
    }

    private Map<String, Long> memory() {
        Map<String, Long> memory = new HashMap<>();
        for (Owned<Placement> owned : state.placements().values()) {
            Placement placement = owned.value();
            if (placement.phase() != Phase.FAILED) {
                placement.active().ifPresent(leg -> {
                    memory.merge(leg.host(), placement.spec().memoryBytes(), Long::sum);
                    vmsByHost.merge(leg.host(), 1, Integer::sum);
                });
            }
        }
        return memory;
    }

    /** Whether a command has ended with a confirmed detach. */
    boolean isFree(Owned<Attachment> command) {
        return Standing.of(
                        command,
                        Optional.ofNullable(state.outcomes().get(command.value().id())))
                instanceof Standing.Free;
    }

    static Candidate candidate(Placement placement) {
        Placement.Admission admission = placement.decision().orElseThrow();
        Decision decision =
                admission.configuration().decide(admission.certificate().rulesVersion());
        if (!(decision instanceof Decision.Decided decided)) {
            throw new IllegalStateException(
                    "the canonical configuration of %s is refused: %s".formatted(placement.key(), decision.errors()));
        }
        return new Candidate(placement.key(), placement.spec(), decided, placement.resolvedValues());
    }

    PlacementResult place(Candidate candidate) {
        List<HostView> all = List.copyOf(hosts.values());
        return placer.place(
                candidate, all, Placer.countBySpreadValue(candidate.spec().placement(), all, vmsByHost));
    }

    /** Takes what a placement of this step uses, so that the next one does not. */
    void claim(Candidate candidate, Placement.Leg leg) {
        HostView host = Objects.requireNonNull(hosts.get(leg.host()), "a leg is on a known host");
        Map<Bdf, String> holders = new HashMap<>(host.holders());
        leg.devices().values().forEach(bdf -> holders.put(bdf, candidate.name()));
        hosts.put(
                leg.host(),
                new HostView(
                        host.inventory(),
                        host.admitted(),
                        host.live(),
                        host.cordoned(),
                        host.quarantine(),
                        host.quarantinedGroups(),
                        holders,
                        host.claimedMemoryBytes() + candidate.spec().memoryBytes()));
        vmsByHost.merge(leg.host(), 1, Integer::sum);
    }

    /** Why a VM waits: counts per reason; for a pin, the one host's own reason. */
    String explainPending(Candidate candidate, PlacementResult result) {
        List<String> allowed = candidate.spec().placement().hosts();
        List<String> unknown =
                allowed.stream().filter(name -> !hosts.containsKey(name)).toList();
        String summary = result.summary();
        if (!unknown.isEmpty()) {
            summary += "; unknown host " + String.join(", ", unknown);
        }
        if (candidate.spec().placement().pinned() && unknown.isEmpty()) {
            summary += result.verdicts().stream()
                    .filter(verdict -> verdict.host().equals(allowed.getFirst()))
                    .map(verdict -> "; %s: %s".formatted(verdict.host(), verdict.reason()))
                    .findFirst()
                    .orElse("");
        }
        return summary;
    }
}
