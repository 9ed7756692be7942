package io.viommufleet.common.input;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.ReservedRegion;
import java.util.List;
import java.util.Optional;

/** What a host file says about one PCI function; whatever is empty it leaves unsaid. The fields are {@link HostDevice}'s. */
public record DeviceOverlay(
        Bdf bdf,
        Optional<Integer> vendor,
        Optional<Integer> device,
        Optional<Integer> deviceClass,
        Optional<Integer> group,
        Optional<String> iommu,
        Optional<Integer> numa,
        Optional<String> driver,
        Optional<Integer> pasidBits,
        Optional<Bdf> physicalFunction,
        List<Bdf> virtualFunctions,
        List<ReservedRegion> reservedRegions,
        Optional<Boolean> canReset,
        Optional<Boolean> canMigrate) {
    public DeviceOverlay {
        virtualFunctions = List.copyOf(virtualFunctions);
        reservedRegions = List.copyOf(reservedRegions);
    }

    /** The function of a host of which nothing else is known. */
    HostDevice alone() {
        return new HostDevice(
                bdf,
                vendor.orElse(0),
                device.orElse(0),
                deviceClass.orElse(0),
                group,
                iommu,
                numa,
                driver,
                pasidBits.orElse(0),
                physicalFunction,
                virtualFunctions,
                reservedRegions,
                canReset,
                canMigrate,
                Optional.empty());
    }
}
