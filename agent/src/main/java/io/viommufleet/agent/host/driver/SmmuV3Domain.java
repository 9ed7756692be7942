package io.viommufleet.agent.host.driver;

import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.common.feasibility.AddressRange;

/** A stage-1 or stage-2 page table of an SMMUv3. */
final class SmmuV3Domain extends PagingDomain {
    private final SmmuV3Iommu smmu;
    private final boolean stage2;
    private final boolean ownerEnforces;

    SmmuV3Domain(SmmuV3Iommu smmu, boolean stage2, boolean dirty, boolean ownerEnforces) {
        super(SmmuV3Iommu.DRIVER, smmu.capabilities().pageSizes(), dirty);
        this.smmu = smmu;
        this.stage2 = stage2;
        this.ownerEnforces = ownerEnforces;
    }

    SmmuV3Iommu smmu() {
        return smmu;
    }

    boolean isStage2() {
        return stage2;
    }

    @Override
    public IovaRange aperture() {
        AddressRange range = stage2
                ? smmu.capabilities().stage2Aperture()
                : smmu.capabilities().stage1Aperture();
        return new IovaRange(range.first(), range.last());
    }

    @Override
    public long pageSizes() {
        return smmu.capabilities().pageSizes();
    }

    @Override
    public boolean enforceCoherency() {
        if (ownerEnforces) {
            setCoherencyEnforced();
        }
        return ownerEnforces;
    }
}
