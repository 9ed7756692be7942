package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.driver.DeviceTraits;
import io.viommufleet.agent.iommufd.driver.HardwareInfo;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;

/**
 * GET_HW_INFO: the registers of a device's IOMMU and what it can do.
 *
 * @param flags {@link #INPUT_TYPE} or 0
 * @param devId of which device
 * @param inputType wanted type, with INPUT_TYPE
 * @param dataLengthBytes room for the struct, unsigned
 * @param data where it goes
 * @param reserved must be 0
 */
public record GetHwInfo(int flags, int devId, int inputType, int dataLengthBytes, UserBuffer data, int reserved)
        implements Ioctl<GetHwInfo.HardwareFacts> {
    /** IOMMU_HW_INFO_FLAG_INPUT_TYPE: the type field names the wanted type. */
    public static final int INPUT_TYPE = 1;

    /** IOMMU_HW_CAP_DIRTY_TRACKING. */
    public static final long DIRTY_TRACKING = 1;

    /** IOMMU_HW_CAP_PCI_PASID_EXEC. */
    public static final long PASID_EXEC = 2;

    /** IOMMU_HW_CAP_PCI_PASID_PRIV. */
    public static final long PASID_PRIVILEGED = 4;

    /** IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED. */
    public static final long ATS_NOT_SUPPORTED = 8;

    private static final int ROOM = 64;
    private static final byte[] ZEROES = new byte[4096];

    /**
     * What the IOMMU is.
     *
     * @param hardware type and struct, whether there was room for it or not
     * @param maxPasidLog2 log2 of the number of PASIDs, 0 without
     * @param capabilities bits of the IOMMU_HW_CAP constants
     */
    public record HardwareFacts(HardwareInfo hardware, int maxPasidLog2, long capabilities) {}

    /** For callers that want the struct from the result. */
    public GetHwInfo(int devId) {
        this(0, devId, 0, ROOM, UserBuffer.of(new byte[ROOM]), 0);
    }

    @Override
    public String name() {
        return "GET_HW_INFO";
    }

    @Override
    public HardwareFacts execute(Iommufd context) throws KernelFailure {
        boolean byType = context.kernel().behaviour().has(Trait.HARDWARE_INFO_BY_TYPE);
        if ((flags & ~(byType ? INPUT_TYPE : 0)) != 0 || reserved != 0) {
            throw EOPNOTSUPP.failure();
        }
        Device device = context.get(devId, Device.class);
        HardwareInfo info = device.hardware().hardwareInfo((flags & INPUT_TYPE) != 0 ? inputType : 0);
        int room = info.lengthBytes();
        if (Integer.compareUnsigned(dataLengthBytes, room) < 0) {
            data.write(0, java.util.Arrays.copyOf(info.struct(), dataLengthBytes));
        } else {
            data.write(0, info.struct());
            zero(room, Integer.toUnsignedLong(dataLengthBytes));
        }
        DeviceTraits traits = device.hardware().traits();
        int pasids = byType && traits.maxPasids() > 0 ? 31 - Integer.numberOfLeadingZeros(traits.maxPasids()) : 0;
        return new HardwareFacts(info, pasids, capabilities(traits, byType, pasids));
    }

    private void zero(long from, long to) throws KernelFailure {
        for (long at = from; at < to; at += ZEROES.length) {
            data.write(at, to - at < ZEROES.length ? new byte[(int) (to - at)] : ZEROES);
        }
    }

    private static long capabilities(DeviceTraits traits, boolean byType, int pasids) {
        long capabilities = traits.dirtyTracking() ? DIRTY_TRACKING : 0;
        if (byType) {
            capabilities |= traits.atsUsable() ? 0 : ATS_NOT_SUPPORTED;
            capabilities |= traits.pci() && pasids > 0 ? PASID_EXEC | PASID_PRIVILEGED : 0;
        }
        return capabilities;
    }
}
