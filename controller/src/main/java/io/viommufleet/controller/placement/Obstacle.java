package io.viommufleet.controller.placement;

/** The kinds of reason why a host does not take a VM, in the order in which they are looked for: the first one counts. */
public enum Obstacle {
    NOT_ALLOWED("not allowed by the VM"),
    WRONG_POOL("in another pool"),
    LOST("lost"),
    NOT_ADMITTED("no admitted agent"),
    QUARANTINED("quarantined"),
    CORDONED("cordoned"),
    SILENT("silent agent"),
    RULES_UNKNOWN("agent does not know the rules version"),
    NO_SUCH_DEVICE("no such device"),
    GROUP_NOT_CLAIMABLE("iommu group not assignable"),
    CANNOT_NEST("IOMMU cannot nest"),
    CANNOT_ATTACH("cannot attach the device"),
    ANTI_AFFINITY("beside a VM that it avoids"),
    GROUP_QUARANTINED("iommu group quarantined"),
    NO_FREE_DEVICE("no free device"),
    NO_MEMORY("not enough memory"),
    NUMA("not on one NUMA node");

    private final String summary;

    Obstacle(String summary) {
        this.summary = summary;
    }

    /** The words that follow a count of hosts. */
    public String summary() {
        return summary;
    }

    /** Whether it is looked for before another. */
    boolean before(Obstacle other) {
        return compareTo(other) < 0;
    }
}
