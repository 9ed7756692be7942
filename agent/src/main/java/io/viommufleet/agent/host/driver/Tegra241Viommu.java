package io.viommufleet.agent.host.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EEXIST;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EIO;
import static io.viommufleet.agent.iommufd.system.Errno.ENOSPC;

import io.viommufleet.agent.iommufd.driver.HardwareQueues;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.common.feasibility.SmmuV3Registers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The viommu of an SMMUv3 with Tegra241 command queue virtualization: one of its virtual interfaces, whose page the guest maps, and whose command queues
 * hardware reads from guest memory.
 */
final class Tegra241Viommu extends SmmuV3Viommu implements HardwareQueues {
    /** IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV. */
    static final int VIOMMU_TYPE = 2;

    /** IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV. */
    private static final int QUEUE_TYPE = 1;

    private static final int DATA_BYTES = 16;
    private static final int PAGE_BYTES = 0x10000;
    private static final int ENTRY_SHIFT = 4;
    private static final int MIN_QUEUE_BYTES = 32;
    private static final long MAX_STREAM_ID = 0xffff_ffffL;

    private final SmmuV3Iommu smmu;
    private final UserData data;
    private final TreeSet<Integer> running = new TreeSet<>();

    /** Takes a free interface: EINVAL without room for where its page is, ENOSPC when none is free. */
    Tegra241Viommu(SmmuV3Domain parent, UserData data) throws KernelFailure {
        super(parent);
        this.smmu = parent.smmu();
        this.data = data;
        if (!data.present()) {
            throw EINVAL.failure();
        }
        data.copy(VIOMMU_TYPE, DATA_BYTES, DATA_BYTES);
        if (!smmu.takeInterface()) {
            throw ENOSPC.failure();
        }
    }

    /** Queues that one interface has. */
    static int queues(SmmuV3Registers registers) {
        return 1 << Math.max(0, registers.cmdqvQueuesLog2() - registers.cmdqvInterfacesLog2());
    }

    @Override
    public int mappableBytes() {
        return PAGE_BYTES;
    }

    @Override
    public void publish(long offset) throws KernelFailure {
        byte[] struct = ByteBuffer.allocate(DATA_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(offset)
                .putLong(PAGE_BYTES)
                .array();
        data.buffer().write(0, struct);
    }

    @Override
    public void released() {
        smmu.releaseInterface();
    }

    @Override
    public void checkVdevice(IommuDevice device, long virtualId) throws KernelFailure {
        if (Long.compareUnsigned(virtualId, MAX_STREAM_ID) > 0) {
            throw EINVAL.failure();
        }
        if (deviceCount() >= 1 << registers().cmdqvStreamIdsLog2()) {
            throw ENOSPC.failure();
        }
    }

    @Override
    public @Nullable HardwareQueues queues(int type) {
        return type == QUEUE_TYPE ? this : null;
    }

    @Override
    public OptionalInt start(int index, long address, long lengthBytes) throws KernelFailure {
        if (Integer.compareUnsigned(index, queues(registers())) >= 0) {
            throw EINVAL.failure();
        }
        if (running.contains(index)) {
            throw EEXIST.failure();
        }
        if (index > 0 && !running.contains(index - 1)) {
            throw EIO.failure();
        }
        long longest = 1L << (registers().commandQueueLog2() + ENTRY_SHIFT);
        boolean powerOfTwo = Long.bitCount(lengthBytes) == 1;
        boolean lengthFits = powerOfTwo && lengthBytes >= MIN_QUEUE_BYTES && lengthBytes <= longest;
        if (!lengthFits || (address & (lengthBytes - 1)) != 0) {
            throw EINVAL.failure();
        }
        running.add(index);
        return index > 0 ? OptionalInt.of(index - 1) : OptionalInt.empty();
    }

    @Override
    public void stop(int index) {
        running.remove(index);
    }

    private SmmuV3Registers registers() {
        return smmu.capabilities().registers();
    }
}
