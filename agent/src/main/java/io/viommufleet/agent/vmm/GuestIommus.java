package io.viommufleet.agent.vmm;

import io.viommufleet.agent.vmm.ShadowIommu.Manner;
import io.viommufleet.common.viommu.AmdIommu;
import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.IntelIommu;
import io.viommufleet.common.viommu.RiscvIommu;
import io.viommufleet.common.viommu.Viommu;
import io.viommufleet.common.viommu.VirtioIommu;
import io.viommufleet.common.viommu.VmConfiguration;
import java.util.Optional;

/** How each vIOMMU model lets its guest drive the host. */
final class GuestIommus {
    private GuestIommus() {}

    /**
     * The host's side of a vIOMMU; empty for models that pass nothing on: an SMMUv3 without acceleration, which takes no device, and riscv-iommu.
     *
     * @param viommu from the canonical configuration
     */
    static Optional<GuestIommu> of(
            Viommu viommu, ViommuInstance instance, VmProcess vm, VmConfiguration configuration) {
        return switch (viommu) {
            case IntelIommu intel
            when intel.firstStage().orElse(false) ->
                Optional.of(new NestedVtd(vm, intel.pasidBits().orElse(0)));
            case IntelIommu _ -> Optional.of(new ShadowIommu(new Manner(true, true, true, GuestPages.LEAVES)));
            case AmdIommu _ -> Optional.of(new ShadowIommu(new Manner(true, false, true, GuestPages.LEAVES)));
            case VirtioIommu virtio ->
                Optional.of(new ShadowIommu(
                        new Manner(virtio.bootBypass().orElse(true), false, false, GuestPages.POWERS_OF_TWO)));
            case ArmSmmuv3 smmu
            when smmu.accel().orElse(false) ->
                Optional.of(new NestedSmmu(
                        new SmmuProperties(vm, instance.path(), smmu, RequesterIds.of(configuration)), instance));
            case ArmSmmuv3 _, RiscvIommu _ -> Optional.empty();
        };
    }
}
