package io.viommufleet.agent.vmm;

import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.BitsOrAuto;
import io.viommufleet.common.viommu.OnOffAuto;
import io.viommufleet.common.viommu.ViommuFlag;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
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

    /** IDR1.SSIDSIZE; 0 while it is {@code auto} and no device has made a width of it. */
    int substreamBits() {
        String made = vm.frozen().get(path + ".ssidsize");
        return smmu.substreamIdSize()
                .map(size -> size.isAuto() && made != null ? BitsOrAuto.of(Integer.parseInt(made)) : size)
                .map(size -> size.bits().orElse(0))
                .orElse(0);
    }

    /**
     * What the vIOMMU answers now (QEMU smmuv3_accel_get_viommu_flags). With {@code ssidsize=auto} the answer depends on the host of its first device,
     * and changes with it: that is why no decision is made from it.
     */
    Set<ViommuFlag> flags() {
        EnumSet<ViommuFlag> flags = EnumSet.noneOf(ViommuFlag.class);
        if (smmu.accel().orElse(false)) {
            flags.add(ViommuFlag.WANT_NESTING_PARENT);
            if (substreamBits() > 0) {
                flags.add(ViommuFlag.PASID_SUPPORTED);
            }
        }
        return flags;
    }

    private static boolean isOn(Optional<OnOffAuto> configured, @Nullable String frozen) {
        OnOffAuto value = configured.orElse(OnOffAuto.OFF);
        return value == OnOffAuto.AUTO ? "on".equals(frozen) : value == OnOffAuto.ON;
    }
}
