package io.viommufleet.agent.iommufd.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A device as the driver of its IOMMU sees it. The defaults are those of an old driver: no flags, no nesting, no PASID, no information. */
public interface IommuDevice {
    /** The device's name, a PCI address for PCI functions. */
    String name();

    /** The driver of its IOMMU. */
    IommuDriver driver();

    /** The group that it is in. */
    IommuGroup group();

    /** What holds for it. */
    DeviceTraits traits();

    /** IOVAs that it may not use. */
    List<ReservedRegion> reservedRegions();

    /** Whether the driver takes flags and data for paging domains; without, any are EOPNOTSUPP. */
    default boolean takesDomainFlags() {
        return false;
    }

    /** Makes a paging domain. */
    PagingDomain allocatePaging(int flags, UserData data) throws KernelFailure;

    /** Whether the driver nests directly on a paging domain, without a viommu. */
    default boolean nestsDirectly() {
        return false;
    }

    /** Makes a nested domain directly on {@code parent}. */
    default NestedDomain allocateNested(PagingDomain parent, int flags, UserData data) throws KernelFailure {
        throw EOPNOTSUPP.failure();
    }

    /** Attaches the device, leaving whatever it was attached to. On failure nothing changed. */
    void attach(Domain domain) throws KernelFailure;

    /** Blocks the device's DMA. */
    void block();

    /** Whether PASIDs can be attached at all. */
    default boolean attachesPasids() {
        return false;
    }

    /** Attaches a PASID, leaving {@code old} if not null. */
    default void attachPasid(int pasid, Domain domain, @Nullable Domain old) throws KernelFailure {
        throw EOPNOTSUPP.failure();
    }

    /** Blocks a PASID. */
    default void blockPasid(int pasid) {
        // nothing can have been attached
    }

    /** Whether faults of unattached PASIDs go to the nested domain of the device itself, whose PASID table the guest owns. */
    default boolean guestOwnsPasidTable() {
        return false;
    }

    /** Whether page faults of the device can be reported while it is attached to a domain that wants them. */
    default void enableFaults() throws KernelFailure {
        // most drivers need no preparation
    }

    /** Information of {@code type}, or the driver's own for 0; EOPNOTSUPP for a type that it does not have. */
    default HardwareInfo hardwareInfo(int type) throws KernelFailure {
        return HardwareInfo.NONE;
    }

    /** Makes the hardware side of a viommu; EOPNOTSUPP when there is none of that type. */
    default HardwareViommu createViommu(int type, PagingDomain parent, UserData data) throws KernelFailure {
        throw EOPNOTSUPP.failure();
    }

    /** Whether a viommu of {@code type} exists; asked before the parent is looked up. */
    default boolean hasViommu(int type) {
        return false;
    }
}
