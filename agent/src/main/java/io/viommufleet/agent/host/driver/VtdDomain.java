package io.viommufleet.agent.host.driver;

import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.common.feasibility.AddressRange;
import io.viommufleet.common.feasibility.VtdCapabilities;
import io.viommufleet.common.feasibility.VtdRegisters;

/** A first- or second-stage page table of VT-d. */
final class VtdDomain extends PagingDomain {
    private static final long SIZE_2_MIB = 1L << 21;
    private static final long SIZE_1_GIB = 1L << 30;

    private final VtdCapabilities maker;
    private final Kind kind;
    private final AddressRange aperture;
    private final boolean refusesReadOnly;

    /** Which stage, and whether a guest's stage 1 may stand on it. */
    enum Kind {
        FIRST_STAGE,
        SECOND_STAGE,
        NESTING_PARENT
    }

    VtdDomain(VtdCapabilities maker, Kind kind, boolean dirty) {
        super(VtdIommu.DRIVER, pageSizes(maker, kind), dirty);
        this.maker = maker;
        this.kind = kind;
        this.aperture = kind == Kind.FIRST_STAGE ? maker.firstStageAperture() : maker.secondStageAperture();
        this.refusesReadOnly = kind == Kind.NESTING_PARENT
                && HostIommu.behaviourOf(maker.kernel().version()).has(Trait.READ_ONLY_PARENT_MAPS_REFUSED);
    }

    Kind kind() {
        return kind;
    }

    @Override
    public IovaRange aperture() {
        return new IovaRange(aperture.first(), aperture.last());
    }

    @Override
    public long pageSizes() {
        return pageSizes(maker, kind);
    }

    private static long pageSizes(VtdCapabilities maker, Kind kind) {
        return kind == Kind.FIRST_STAGE ? maker.firstStagePageSizes() : maker.secondStagePageSizes();
    }

    @Override
    public boolean refusesReadOnly() {
        return refusesReadOnly;
    }

    @Override
    public boolean enforceCoherency() {
        if (maker.registers().snoopControl()) {
            setCoherencyEnforced();
        }
        return coherencyEnforced();
    }

    /** Whether a device behind {@code unit} can use the table. */
    boolean fits(VtdCapabilities unit) {
        boolean snoopFits = !coherencyEnforced() || unit.registers().snoopControl();
        return snoopFits && (kind == Kind.FIRST_STAGE ? fitsFirstStage(unit) : fitsSecondStage(unit));
    }

    private boolean fitsFirstStage(VtdCapabilities unit) {
        VtdRegisters registers = unit.registers();
        boolean levelsFit = maker.firstStageWidth() <= 48 || registers.firstStage5Level();
        boolean gigapagesFit = (pageSizes() & SIZE_1_GIB) == 0 || registers.firstStage1GiB();
        return unit.firstStage().available() && levelsFit && gigapagesFit;
    }

    private boolean fitsSecondStage(VtdCapabilities unit) {
        VtdRegisters registers = unit.registers();
        boolean featuresFit = (dirtyLog() == null || unit.dirtyTracking().available())
                && (kind != Kind.NESTING_PARENT || unit.nesting().available())
                && unit.secondStage().available();
        boolean widthFits = unit.secondStageWidth() >= maker.secondStageWidth();
        boolean pagesFit = ((pageSizes() & SIZE_2_MIB) == 0 || registers.secondStage2MiB())
                && ((pageSizes() & SIZE_1_GIB) == 0 || registers.secondStage1GiB());
        boolean cachesFit = walkCoherency(unit) == walkCoherency(maker)
                && (!registers.writeBufferFlush() || maker.registers().writeBufferFlush())
                && (!registers.cachingMode() || maker.registers().cachingMode());
        return featuresFit && widthFits && pagesFit && cachesFit;
    }

    private static boolean walkCoherency(VtdCapabilities unit) {
        return unit.scalableMode().available()
                ? unit.registers().scalableModeCoherentWalk()
                : unit.registers().coherentPageWalk();
    }
}
