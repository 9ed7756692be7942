package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.driver.NestedDomain;
import org.jspecify.annotations.Nullable;

/** A guest's stage 1 on a nesting parent, made directly or through a viommu. */
public final class HwptNested extends Hwpt {
    private final NestedDomain domain;
    private final HwptPaging parent;
    private final @Nullable Viommu viommu;

    HwptNested(Iommufd context, int id, NestedDomain domain, HwptPaging parent, @Nullable Viommu viommu) {
        super(context, id);
        this.domain = domain;
        this.parent = parent;
        this.viommu = viommu;
        holder().hold();
    }

    @Override
    public ObjectKind kind() {
        return ObjectKind.HWPT_NESTED;
    }

    @Override
    public NestedDomain domain() {
        return domain;
    }

    @Override
    public HwptPaging paging() {
        return parent;
    }

    @Override
    void destroy() {
        holder().drop();
        dropFaults();
    }

    private IommufdObject holder() {
        return viommu == null ? parent : viommu;
    }
}
