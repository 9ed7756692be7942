package io.viommufleet.agent.vmm;

import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.OnOffAuto;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an accelerated SMMUv3 announces to its guest. A property that is {@code auto} is what the first device made of it.
 *
 * @param vm that has it
 * @param path of the vIOMMU in the canonical configuration
 * @param smmu as configured
 * @param streamIds StreamIDs of the VM's devices
 */
record SmmuProperties(VmProcess vm, String path, ArmSmmuv3 smmu, Map<String, Integer> streamIds) {
    /** Keeps a copy. */
    SmmuProperties {
        streamIds = Map.copyOf(streamIds);
    }

    /** The StreamID of a device. */
    int streamId(String device) {
        return Objects.requireNonNull(streamIds.get(device), "every device has one");
    }

    /** IDR3.RIL. */
    boolean rangeInvalidation() {
        return isOn(smmu.rangeInvalidation(), vm.frozen().get(path + ".ril"));
    }

    /** IDR0.ATS. */
    boolean addressTranslationService() {
        return isOn(smmu.addressTranslationService(), vm.frozen().get(path + ".ats"));
    }

    /** IDR1.SSIDSIZE. */
    int substreamBits() {
        return smmu.substreamIdSize().map(size -> size.bits().orElse(0)).orElse(0);
    }

    private static boolean isOn(Optional<OnOffAuto> configured, @Nullable String frozen) {
        OnOffAuto value = configured.orElse(OnOffAuto.OFF);
        return value == OnOffAuto.AUTO ? "on".equals(frozen) : value == OnOffAuto.ON;
    }
}
