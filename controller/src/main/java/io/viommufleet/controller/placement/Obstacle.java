package io.viommufleet.controller.placement;

/** The kinds of reason why a host does not take a VM, in the order in which they are looked for. */
public enum Obstacle {
    NOT_ALLOWED("not allowed by the VM"),
    NOT_ADMITTED("no admitted agent"),
    SILENT("silent agent"),
    CORDONED("cordoned"),
    QUARANTINED("quarantined"),
    RULES_UNKNOWN("agent does not know the rules version"),
    NO_SUCH_DEVICE("no such device"),
    CANNOT_NEST("IOMMU cannot nest"),
    CANNOT_ATTACH("cannot attach the device"),
    NO_FREE_DEVICE("no free device"),
    GROUP_NOT_CLAIMABLE("iommu group not assignable"),
    NO_MEMORY("not enough memory");

    private final String summary;

    Obstacle(String summary) {
        this.summary = summary;
    }

    /** The words that follow a count of hosts. */
    public String summary() {
        return summary;
    }
}
