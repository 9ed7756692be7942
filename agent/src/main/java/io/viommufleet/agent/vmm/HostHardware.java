package io.viommufleet.agent.vmm;

import io.viommufleet.agent.host.driver.HostIommu;
import io.viommufleet.agent.host.driver.PhysicalDevice;
import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.driver.ReservedRegion;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.vfio.DeviceInfo;
import io.viommufleet.agent.vfio.VfioDevice;
import io.viommufleet.common.feasibility.DeviceFacts;
import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.feasibility.NoIommu;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A booted kernel with its IOMMU drivers and devices, built from an inventory. Devices of which too much is unknown are left out. */
public final class HostHardware {
    private static final int FIRST_PRIVATE_GROUP = 1 << 20;

    private final EmulatedKernel kernel;
    private final Map<String, HostIommu> iommus = new HashMap<>();
    private final Map<Integer, IommuGroup> groups = new TreeMap<>();
    private final Map<Bdf, HostCdev> cdevs = new TreeMap<>();
    private final Map<Bdf, DeviceFacts.Lookup> lookups = new HashMap<>();
    private int nextPrivateGroup = FIRST_PRIVATE_GROUP;

    /** A host that has just booted. */
    public HostHardware(HostInventory inventory) {
        KernelVersion version =
                DeviceFacts.kernelOf(inventory).map(setup -> setup.version()).orElse(KernelVersion.LINUX_6_12);
        this.kernel = new EmulatedKernel(HostIommu.behaviourOf(version), inventory.allowUnsafeInterrupts());
        probeNew(inventory);
    }

    /**
     * Follows devices that came, went, or are not what they were.
     *
     * @param held devices that a VM has: they stay as they were probed
     */
    void follow(HostInventory latest, Set<Bdf> held) {
        Map<Bdf, HostDevice> devices = new HashMap<>();
        latest.devices().forEach(device -> devices.put(device.bdf(), device));
        cdevs.values().removeIf(cdev -> {
            HostDevice was = cdev.facts().device();
            HostDevice is = devices.get(was.bdf());
            boolean leaves = is == null || (!is.equals(was) && !held.contains(was.bdf()));
            if (leaves) {
                cdev.vfio().hardware().group().remove(cdev.vfio().hardware());
            }
            return leaves;
        });
        probeNew(latest);
    }

    private void probeNew(HostInventory inventory) {
        groups.values().forEach(group -> group.setUsedByKernel(false));
        lookups.clear();
        for (HostDevice device : inventory.devices()) {
            DeviceFacts.Lookup lookup = DeviceFacts.find(inventory, device.bdf());
            lookups.put(device.bdf(), lookup);
            if (lookup instanceof DeviceFacts.Lookup.Found(DeviceFacts facts)) {
                HostCdev cdev = cdevs.computeIfAbsent(device.bdf(), _ -> probe(facts));
                facts.kernelUser()
                        .ifPresent(user -> cdev.vfio().hardware().group().setUsedByKernel(true));
            }
        }
    }

    /** What the inventory says of a device now; empty for one that is not in it. */
    Optional<DeviceFacts.Lookup> lookUp(Bdf bdf) {
        return Optional.ofNullable(lookups.get(bdf));
    }

    /** The kernel. */
    public EmulatedKernel kernel() {
        return kernel;
    }

    /** The VFIO file of a device; empty if the device is unknown. */
    public Optional<VfioDevice> vfio(Bdf bdf) {
        return cdev(bdf).map(HostCdev::vfio);
    }

    /** A device; empty if it is unknown. */
    Optional<HostCdev> cdev(Bdf bdf) {
        return Optional.ofNullable(cdevs.get(bdf));
    }

    /** The iommu groups that a VMM owns now, in ascending order. */
    List<Integer> claimedGroups() {
        return groups.values().stream()
                .filter(group -> !group.unclaimed())
                .map(IommuGroup::id)
                .toList();
    }

    /** A device of which nobody said whether it can be reset can: the kernel would find out when it probes it. */
    private HostCdev probe(DeviceFacts facts) {
        HostDevice device = facts.device();
        IommuGroup group = groups.computeIfAbsent(
                device.group().orElseGet(() -> nextPrivateGroup++), number -> new IommuGroup(number));
        PhysicalDevice physical = new PhysicalDevice(
                device.bdf().toString(),
                group,
                facts.reservedRegions().stream().map(HostHardware::region).toList(),
                device.pasidBits(),
                false,
                false,
                facts.directMappingsRequired());
        IommuDevice hardware = iommuOf(facts).probe(physical);
        VfioDevice vfio = new VfioDevice(
                kernel,
                "vfio-" + device.bdf(),
                hardware,
                DeviceInfo.ofPci(device.canReset().orElse(true)));
        return new HostCdev(facts, vfio);
    }

    private HostIommu iommuOf(DeviceFacts facts) {
        if (facts.registers() instanceof NoIommu none) {
            return HostIommu.of(none, facts.kernel());
        }
        return iommus.computeIfAbsent(
                facts.device().iommu().orElseThrow(), id -> HostIommu.of(facts.registers(), facts.kernel()));
    }

    private static ReservedRegion region(io.viommufleet.common.model.ReservedRegion region) {
        ReservedRegion.Type type = switch (region.type()) {
            case "direct" -> ReservedRegion.Type.DIRECT;
            case "direct-relaxable" -> ReservedRegion.Type.DIRECT_RELAXABLE;
            case "msi" -> ReservedRegion.Type.MSI;
            case "msi-software" -> ReservedRegion.Type.SOFTWARE_MSI;
            default -> ReservedRegion.Type.RESERVED;
        };
        return new ReservedRegion(new IovaRange(region.start(), region.last()), type);
    }
}
