package io.viommufleet.common.input;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.wire.VmTree;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What QEMU's vfio devices say about the host's device. */
final class PassthroughDevices {
    private static final Set<String> PCI = Set.of("vfio-pci", "vfio-pci-nohotplug");
    private static final Set<String> ELSEWHERE =
            Set.of("vfio-platform", "vfio-amd-xgbe", "vfio-calxeda-xgmac", "vfio-ccw", "vfio-ap");
    private static final Set<String> PCI_DRIVERS = Set.of(
            "e1000", "e1000e", "igb", "rtl8139", "nvme", "qemu-xhci", "nec-usb-xhci", "VGA", "virtio-vga", "vmxnet3");
    private static final Pattern SHORT_BDF = Pattern.compile("[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]");
    private static final Pattern PATH_BDF = Pattern.compile("/sys/bus/pci/devices/([^/]+)/?");

    private PassthroughDevices() {}

    /**
     * What a device says.
     *
     * @param onPci whether the guest sees it on a PCI bus
     * @param problem why its host address cannot be read
     */
    record Found(DeviceKind kind, DeviceBackend backend, boolean onPci, DeviceMatch match, Optional<String> problem) {}

    static boolean isOne(String driver) {
        return PCI.contains(driver) || ELSEWHERE.contains(driver);
    }

    /** Whether a driver without a bus goes to the root bus. */
    static boolean isPciDriver(String driver) {
        return driver.endsWith("-pci") || driver.endsWith("-pci-non-transitional") || PCI_DRIVERS.contains(driver);
    }

    static Found read(QemuDevice device) {
        boolean onPci = PCI.contains(device.driver());
        Optional<String> address =
                device.get("host").or(() -> device.get("sysfsdev").flatMap(PassthroughDevices::bdf));
        Optional<Bdf> bdf = address.map(PassthroughDevices::withDomain).flatMap(VmTree::bdf);
        boolean mdev = onPci && address.isEmpty() && device.get("sysfsdev").isPresent();
        Optional<String> problem = onPci && address.isPresent() && bdf.isEmpty()
                ? Optional.of("no PCI address; the form is DDDD:BB:DD.F, such as 0000:3b:00.1")
                : Optional.empty();
        return new Found(
                !onPci ? DeviceKind.PLATFORM : mdev ? DeviceKind.MDEV : DeviceKind.PCI,
                device.get("iommufd").isPresent() ? DeviceBackend.IOMMUFD : DeviceBackend.LEGACY,
                onPci,
                new DeviceMatch(Optional.empty(), Optional.empty(), Optional.empty(), onPci ? bdf : Optional.empty()),
                problem);
    }

    private static Optional<String> bdf(String path) {
        Matcher matcher = PATH_BDF.matcher(path);
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private static String withDomain(String address) {
        return SHORT_BDF.matcher(address).matches() ? "0000:" + address : address;
    }
}
