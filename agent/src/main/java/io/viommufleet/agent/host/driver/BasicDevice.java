package io.viommufleet.agent.host.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.driver.DeviceTraits;
import io.viommufleet.agent.iommufd.driver.Domain;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.IommuDriver;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.driver.ReservedRegion;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the devices of all drivers here share: identity, and what device and PASIDs are attached to. */
abstract class BasicDevice implements IommuDevice {
    private final PhysicalDevice physical;
    private final IommuDriver driver;
    private final DeviceTraits traits;
    private final Map<Integer, Domain> pasids = new TreeMap<>(Integer::compareUnsigned);
    private @Nullable Domain attached;

    BasicDevice(PhysicalDevice physical, IommuDriver driver, DeviceTraits traits) {
        this.physical = physical;
        this.driver = driver;
        this.traits = traits;
        physical.group().add(this);
    }

    final PhysicalDevice physical() {
        return physical;
    }

    @Override
    public final String name() {
        return physical.name();
    }

    @Override
    public final IommuDriver driver() {
        return driver;
    }

    @Override
    public final IommuGroup group() {
        return physical.group();
    }

    @Override
    public final DeviceTraits traits() {
        return traits;
    }

    @Override
    public final List<ReservedRegion> reservedRegions() {
        return physical.reservedRegions();
    }

    @Override
    public final void attach(Domain domain) throws KernelFailure {
        checkAttach(domain);
        attached = domain;
    }

    @Override
    public final void block() {
        attached = null;
    }

    @Override
    public final void attachPasid(int pasid, Domain domain, @Nullable Domain old) throws KernelFailure {
        checkAttachPasid(pasid, domain);
        pasids.put(pasid, domain);
    }

    @Override
    public final void blockPasid(int pasid) {
        pasids.remove(pasid);
    }

    /** What the device is attached to, or null. */
    final @Nullable Domain attached() {
        return attached;
    }

    final boolean hasPasids() {
        return !pasids.isEmpty();
    }

    /** Refuses a domain that the device cannot use. */
    abstract void checkAttach(Domain domain) throws KernelFailure;

    /** Refuses a domain that a PASID of the device cannot use. */
    void checkAttachPasid(int pasid, Domain domain) throws KernelFailure {
        throw EINVAL.failure();
    }
}
