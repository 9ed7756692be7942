package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.GetHwInfo;
import io.viommufleet.common.feasibility.AmdRegisters;
import io.viommufleet.common.feasibility.IommuRegisters;
import io.viommufleet.common.feasibility.SmmuV3Registers;
import io.viommufleet.common.feasibility.VtdRegisters;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * What GET_HW_INFO told, decoded from the struct that the kernel wrote.
 *
 * @param registers empty for a type that QEMU does not know, and for none
 * @param readOnlyErratum VT-d ERRATA_772415_SPR17: nested translation may write to read-only pages
 * @param dirtyTracking capability bit
 * @param maxPasidLog2 width of PASIDs
 */
record HardwareView(
        Optional<IommuRegisters> registers, boolean readOnlyErratum, boolean dirtyTracking, int maxPasidLog2) {
    private static final int TYPE_VTD = 1;
    private static final int TYPE_SMMUV3 = 2;
    private static final int TYPE_AMD = 4;

    static HardwareView of(GetHwInfo.HardwareFacts facts) {
        ByteBuffer struct = ByteBuffer.wrap(facts.hardware().struct()).order(ByteOrder.LITTLE_ENDIAN);
        boolean dirty = (facts.capabilities() & GetHwInfo.DIRTY_TRACKING) != 0;
        int flags = struct.remaining() >= Integer.BYTES ? struct.getInt(0) : 0;
        return switch (facts.hardware().type()) {
            case TYPE_VTD ->
                new HardwareView(
                        Optional.of(new VtdRegisters(struct.getLong(8), struct.getLong(16))),
                        (flags & 1) != 0,
                        dirty,
                        facts.maxPasidLog2());
            case TYPE_SMMUV3 -> new HardwareView(Optional.of(smmu(struct)), false, dirty, facts.maxPasidLog2());
            case TYPE_AMD ->
                new HardwareView(
                        Optional.of(new AmdRegisters(struct.getLong(0), struct.getLong(8))),
                        false,
                        dirty,
                        facts.maxPasidLog2());
            default -> new HardwareView(Optional.empty(), false, dirty, facts.maxPasidLog2());
        };
    }

    private static SmmuV3Registers smmu(ByteBuffer struct) {
        return new SmmuV3Registers(
                struct.getInt(8),
                struct.getInt(12),
                struct.getInt(16),
                struct.getInt(20),
                struct.getInt(24),
                struct.getInt(28),
                struct.getInt(32),
                struct.getInt(36));
    }
}
