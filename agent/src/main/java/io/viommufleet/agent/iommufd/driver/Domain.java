package io.viommufleet.agent.iommufd.driver;

/** Hardware translation that devices can be attached to. */
public abstract sealed class Domain permits PagingDomain, NestedDomain {
    private final IommuDriver driver;

    Domain(IommuDriver driver) {
        this.driver = driver;
    }

    /** The driver that made it. */
    public final IommuDriver driver() {
        return driver;
    }
}
