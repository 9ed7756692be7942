package io.viommufleet.controller.placement;

import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.HostRequirement;
import io.viommufleet.common.viommu.Machine;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All of a VM that decides which hosts it can go to, names and ids apart: VMs of one class get the same answers.
 *
 * @param configDigest of the certificate, with the rules version in it
 * @param machine as decided
 * @param requirements what a host must offer beyond its IOMMU
 * @param matches which host devices each guest device takes, in the order of the guest's devices
 * @param strict whether unmet wants count as infeasible
 * @param memoryBytes guest RAM
 * @param resolvedValues frozen by an earlier attach
 * @param rules without the hosts that it names
 * @param pinned whether it names exactly one
 */
record VmClass(
        String configDigest,
        Machine machine,
        List<HostRequirement> requirements,
        List<Optional<DeviceMatch>> matches,
        boolean strict,
        long memoryBytes,
        Map<String, String> resolvedValues,
        PlacementRules rules,
        boolean pinned) {
    static VmClass of(Candidate vm) {
        PlacementRules rules = vm.spec().placement();
        return new VmClass(
                vm.decision().certificate().configDigest(),
                vm.decision().canonical().machine(),
                vm.decision().hostRequirements(),
                vm.guests().stream().map(guest -> match(vm, guest)).toList(),
                vm.spec().strict(),
                vm.spec().memoryBytes(),
                vm.resolvedValues(),
                rules.hosts().isEmpty() ? rules : rules.withHosts(List.of()),
                rules.pinned());
    }

    static Optional<DeviceMatch> match(Candidate vm, GuestDevice guest) {
        return Optional.ofNullable(vm.spec().matches().get(guest.id()));
    }

    /** Whether any device is asked for by its address on the host, so that hosts of one layout differ. */
    boolean byAddress() {
        return matches.stream()
                .flatMap(Optional::stream)
                .anyMatch(match -> match.bdf().isPresent());
    }
}
