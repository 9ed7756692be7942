package io.viommufleet.agent.iommufd.driver;

/** What GET_HW_INFO tells: a type and the type's struct. */
public final class HardwareInfo {
    /** IOMMU_HW_INFO_TYPE_NONE, also the type to ask for the driver's own. */
    public static final int TYPE_NONE = 0;

    /** A driver that tells nothing. */
    public static final HardwareInfo NONE = new HardwareInfo(TYPE_NONE, new byte[0]);

    private final int type;
    private final byte[] struct;

    /**
     * Information of one type.
     *
     * @param type IOMMU_HW_INFO_TYPE_*
     * @param struct its bytes, little endian
     */
    public HardwareInfo(int type, byte[] struct) {
        this.type = type;
        this.struct = struct.clone();
    }

    /** IOMMU_HW_INFO_TYPE_*; 0 for none. */
    public int type() {
        return type;
    }

    /** Length of the struct. */
    public int lengthBytes() {
        return struct.length;
    }

    /** The struct. */
    public byte[] struct() {
        return struct.clone();
    }
}
