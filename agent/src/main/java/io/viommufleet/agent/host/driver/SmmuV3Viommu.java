package io.viommufleet.agent.host.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EIO;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.driver.HardwareViommu;
import io.viommufleet.agent.iommufd.driver.InvalidationRequests;
import io.viommufleet.agent.iommufd.driver.Invalidator;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.NestedDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.nio.ByteBuffer;

/** The slice of an SMMUv3 that a guest drives: stream table entries become nested domains, its commands are checked and executed. */
class SmmuV3Viommu extends HardwareViommu implements Invalidator {
    static final int TYPE = 1;

    private static final int STE_TYPE = 2;
    private static final int STE_BYTES = 16;
    private static final int COMMAND_TYPE = 1;
    private static final int COMMAND_BYTES = 16;

    private static final int CFGI_CD = 0x5;
    private static final int CFGI_CD_ALL = 0x6;
    private static final int TLBI_NH_ALL = 0x10;
    private static final int TLBI_NH_ASID = 0x11;
    private static final int TLBI_NH_VA = 0x12;
    private static final int TLBI_NH_VAA = 0x13;
    private static final int TLBI_NSNH_ALL = 0x30;
    private static final int ATC_INV = 0x40;

    private final SmmuV3Domain parent;

    SmmuV3Viommu(SmmuV3Domain parent) {
        super(SmmuV3Iommu.DRIVER, parent);
        this.parent = parent;
    }

    @Override
    public boolean serves(IommuDevice device) {
        return device instanceof SmmuV3Device smmu && smmu.smmu() == parent.smmu();
    }

    @Override
    public boolean nests() {
        return true;
    }

    @Override
    public NestedDomain allocateNested(int flags, UserData data) throws KernelFailure {
        if (flags != 0) {
            throw EOPNOTSUPP.failure();
        }
        ByteBuffer words = data.copy(STE_TYPE, STE_BYTES, STE_BYTES);
        return new SmmuV3NestedDomain(this, parent, StreamTableEntry.checked(words.getLong(), words.getLong()));
    }

    @Override
    public Invalidator invalidator() {
        return this;
    }

    @Override
    public void invalidate(InvalidationRequests requests) throws KernelFailure {
        if (requests.type() != COMMAND_TYPE || requests.count() == 0) {
            throw EINVAL.failure();
        }
        for (ByteBuffer command : requests.entries(COMMAND_TYPE, 1, COMMAND_BYTES)) {
            check(command.getLong());
            requests.countHandled();
        }
    }

    private void check(long word0) throws KernelFailure {
        switch ((int) (word0 & 0xff)) {
            case TLBI_NSNH_ALL, TLBI_NH_ALL, TLBI_NH_ASID, TLBI_NH_VA, TLBI_NH_VAA -> {}
            case CFGI_CD, CFGI_CD_ALL, ATC_INV -> {
                if (deviceOf(word0 >>> 32) == null) {
                    throw EIO.failure();
                }
            }
            default -> throw EIO.failure();
        }
    }

    /** A guest's stream table entry on the viommu's parent. */
    static final class SmmuV3NestedDomain extends NestedDomain {
        private final SmmuV3Domain stage2;
        private final StreamTableEntry entry;

        SmmuV3NestedDomain(SmmuV3Viommu viommu, SmmuV3Domain stage2, StreamTableEntry entry) {
            super(SmmuV3Iommu.DRIVER, stage2, viommu);
            this.stage2 = stage2;
            this.entry = entry;
        }

        SmmuV3Domain stage2() {
            return stage2;
        }

        StreamTableEntry entry() {
            return entry;
        }
    }
}
