package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.viommu.GuestDevice;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Chooses a host for a VM, and says of every other one why not.
 *
 * <p>A VM that names exactly one host is pinned: whether that host can attach its devices is then not asked here, for the
 * attach itself will say it, with the step.
 */
public final class Placer {
    private final DeviceFeasibility feasibility;

    public Placer(DeviceFeasibility feasibility) {
        this.feasibility = feasibility;
    }

    /**
     * Places a VM.
     *
     * @param candidate the VM
     * @param hosts all hosts of the cell
     * @param vmsBySpreadValue how many VMs run under each value of the label that the VM spreads over
     */
    public PlacementResult place(Candidate candidate, List<HostView> hosts, Map<String, Integer> vmsBySpreadValue) {
        List<Fit> fits = new ArrayList<>();
        List<HostVerdict> verdicts = new ArrayList<>();
        for (HostView host : hosts) {
            HostFilter.Answer answer = new HostFilter(feasibility, candidate, host).answer();
            verdicts.add(answer.verdict());
            answer.devices().ifPresent(devices -> fits.add(new Fit(host, devices)));
        }
        verdicts.sort(Comparator.comparing(HostVerdict::host));
        Optional<Placement.Leg> best = fits.stream()
                .min(preference(candidate, vmsBySpreadValue))
                .map(fit -> new Placement.Leg(fit.host().name(), fit.devices()));
        return new PlacementResult(best, verdicts);
    }

    /**
     * Why a host could not attach one of its devices to a VM, whoever may have it now; empty where it could.
     *
     * @param guestDevice id of a device of the VM
     */
    public Optional<String> whyNot(Candidate candidate, String guestDevice, HostInventory host, Bdf bdf) {
        GuestDevice guest = candidate.decision().canonical().device(guestDevice).orElseThrow();
        return host.device(bdf)
                .map(device -> feasibility.check(candidate, guest, host, device).map(DeviceFeasibility.Refusal::reason))
                .orElseGet(() -> Optional.of(
                        "host %s has no device %s".formatted(host.metadata().name(), bdf)));
    }

    private record Fit(HostView host, Map<String, Bdf> devices) {}

    /** Least used value of the spread label, then least claimed devices, then a stable hash of both names. */
    private static Comparator<Fit> preference(Candidate candidate, Map<String, Integer> vmsBySpreadValue) {
        PlacementRules rules = candidate.spec().placement();
        return Comparator.comparingInt((Fit fit) -> vmsBySpreadValue.getOrDefault(spreadValue(rules, fit.host()), 0))
                .thenComparingInt(fit -> fit.host().holders().size())
                .thenComparingLong(
                        fit -> stableHash(candidate.name(), fit.host().name()))
                .thenComparing(fit -> fit.host().name());
    }

    /** The value of the label that a VM is spread over, on one host; empty text where there is none. */
    public static String spreadValue(PlacementRules rules, HostView host) {
        return rules.spread()
                .map(label -> host.inventory().metadata().labels().getOrDefault(label, ""))
                .orElse("");
    }

    private static long stableHash(String vm, String host) {
        CRC32 crc = new CRC32();
        crc.update((vm + "/" + host).getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    /** Counts the VMs of each value of a label, for {@link #place}. */
    public static Map<String, Integer> countBySpreadValue(
            PlacementRules rules, List<HostView> hosts, Map<String, Integer> vmsByHost) {
        Map<String, Integer> counts = new HashMap<>();
        if (rules.spread().isPresent()) {
            hosts.forEach(host ->
                    counts.merge(spreadValue(rules, host), vmsByHost.getOrDefault(host.name(), 0), Integer::sum));
        }
        return counts;
    }
}
