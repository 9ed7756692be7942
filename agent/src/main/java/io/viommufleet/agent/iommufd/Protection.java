package io.viommufleet.agent.iommufd;

/** What DMA may do in an area. */
enum Protection {
    /** Possible only through the VFIO container calls. */
    NONE(0),
    READ(1),
    WRITE(2),
    READ_WRITE(3);

    private final int bits;

    Protection(int bits) {
        this.bits = bits;
    }

    int bits() {
        return bits;
    }

    boolean readable() {
        return (bits & 1) != 0;
    }

    boolean writable() {
        return (bits & 2) != 0;
    }

    static Protection ofBits(int bits) {
        return switch (bits) {
            case 0 -> NONE;
            case 1 -> READ;
            case 2 -> WRITE;
            case 3 -> READ_WRITE;
            default -> throw new IllegalArgumentException("no protection has the bits " + bits);
        };
    }

    /** The protection that the flags of IOAS_MAP, MAP_FILE and COPY ask for. */
    static Protection ofFlags(int flags) {
        int bits = ((flags & MapFlags.READABLE) != 0 ? 1 : 0) | ((flags & MapFlags.WRITEABLE) != 0 ? 2 : 0);
        return ofBits(bits);
    }
}
