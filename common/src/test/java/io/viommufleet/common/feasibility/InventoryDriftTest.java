package io.viommufleet.common.feasibility;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostDrift.Change;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import io.viommufleet.common.model.Metadata;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class InventoryDriftTest {
    private static final long CAP = 56L << 16 | 0xcL << 8 | 3L << 34 | 1L << 56 | 1L << 60;
    private static final long ECAP = bits(3, 7, 26, 40, 43, 45, 46, 47, 48) | 19L << 35;
    private static final Host WHOLE =
            new Host("7.0", "intel_iommu=on,sm_on", true, vtd(CAP, ECAP), List.of(device(0), device(1)));

    /** The parts of an inventory that change from boot to boot here. */
    private record Host(String kernel, String option, boolean remapping, HostIommu iommu, List<HostDevice> devices) {
        HostInventory inventory() {
            return new HostInventory(
                    new Metadata("host", 0, Map.of()),
                    kernel,
                    Optional.of("10.2"),
                    1L << 36,
                    Map.of(),
                    List.of(option),
                    Optional.of(remapping),
                    false,
                    List.of(iommu),
                    devices,
                    List.of(),
                    List.of("1"),
                    List.of(),
                    Map.of());
        }

        Host with(HostIommu other) {
            return new Host(kernel, option, remapping, other, devices);
        }

        Host with(HostDevice... others) {
            return new Host(kernel, option, remapping, iommu, List.of(others));
        }
    }

    private record Row(String what, Host after, List<Change> changes) {}

    private static Stream<Row> rows() {
        return Stream.of(
                new Row("nothing", WHOLE, List.of()),
                new Row(
                        "nesting lost",
                        WHOLE.with(vtd(CAP, ECAP & ~bits(26))),
                        List.of(new Change("iommu dmar0 nesting", "yes", "no: ECAP.NEST (bit 26) is clear"))),
                new Row(
                        "48 to 39 bits",
                        WHOLE.with(vtd((CAP & ~(0x3fL << 16 | 0x1fL << 8)) | 38L << 16 | 2L << 8, ECAP)),
                        List.of(
                                new Change("iommu dmar0 address width", "56 bits", "38 bits"),
                                new Change("iommu dmar0 nesting parent's address width", "57 bits", "39 bits"))),
                new Row(
                        "page sizes",
                        WHOLE.with(vtd(CAP & ~(3L << 34), ECAP)),
                        List.of(new Change("iommu dmar0 page sizes", "4 KiB, 2 MiB, 1 GiB", "4 KiB"))),
                new Row(
                        "PASIDs narrower",
                        WHOLE.with(vtd(CAP, (ECAP & ~(0x1fL << 35)) | 15L << 35)),
                        List.of(new Change("iommu dmar0 PASID", "20 bits", "16 bits"))),
                new Row(
                        "PASIDs lost",
                        WHOLE.with(vtd(CAP, ECAP & ~bits(40))),
                        List.of(new Change("iommu dmar0 PASID", "20 bits", "no: ECAP.PASID (bit 40) is clear"))),
                new Row(
                        "dirty tracking lost",
                        WHOLE.with(vtd(CAP, ECAP & ~bits(45))),
                        List.of(new Change("iommu dmar0 dirty tracking", "yes", "no: ECAP.SLADS (bit 45) is clear"))),
                new Row(
                        "snoop control lost",
                        WHOLE.with(vtd(CAP, ECAP & ~bits(7))),
                        List.of(new Change("iommu dmar0 enforced coherency", "yes", "no: ECAP.SC (bit 7) is clear"))),
                new Row(
                        "interrupt remapping off",
                        new Host(WHOLE.kernel(), WHOLE.option(), false, WHOLE.iommu(), WHOLE.devices()),
                        List.of(
                                new Change("interrupt remapping", "on", "off"),
                                new Change(
                                        "iommu dmar0 VFIO bind",
                                        "yes",
                                        "no: interrupts are not remapped and allow_unsafe_interrupts is off"))),
                new Row(
                        "device gone",
                        WHOLE.with(device(0)),
                        List.of(new Change("device 0000:3b:00.1", "10de:2330", "absent"))),
                new Row(
                        "device new",
                        WHOLE.with(device(0), device(1), device(2)),
                        List.of(new Change("device 0000:3b:00.2", "absent", "10de:2330"))),
                new Row(
                        "another driver",
                        WHOLE.with(device(0), device(1, "nvidia")),
                        List.of(new Change("device 0000:3b:00.1 assignable", "yes", "no, its driver is nvidia"))));
    }

    @TestFactory
    Stream<DynamicTest> callsOutWhatChangedFromOneBootToTheNext() {
        return rows().map(row -> DynamicTest.dynamicTest(
                row.what(), () -> assertThat(between(WHOLE, row.after())).isEqualTo(row.changes())));
    }

    @Test
    void losesEveryCapabilityOfAnIommuWithTheScalableModeOption() {
        Host off = new Host(WHOLE.kernel(), "intel_iommu=on", true, WHOLE.iommu(), WHOLE.devices());

        assertThat(between(WHOLE, off))
                .extracting(Change::what)
                .contains("iommu dmar0 nesting", "iommu dmar0 dirty tracking", "iommu dmar0 PASID");
        assertThat(between(WHOLE, off))
                .filteredOn(change -> change.what().equals("iommu dmar0 nesting"))
                .singleElement()
                .satisfies(change -> assertThat(change.after()).contains("scalable mode is off in the kernel"));
    }

    @Test
    void saysWhichRegisterIsUnknownNow() {
        Host unknown = WHOLE.with(new HostIommu("dmar0", IommuType.INTEL_VTD, Map.of("cap", CAP)));

        assertThat(between(WHOLE, unknown))
                .contains(new Change(
                        "iommu dmar0 registers", "absent", "ecap of dmar0 is unknown, and unknown counts as cannot"))
                .contains(new Change("iommu dmar0 nesting", "yes", "absent"));
    }

    @Test
    void saysOfAnIommuThatIsGoneOnlyThat() {
        assertThat(between(WHOLE, WHOLE.with(new HostIommu("dmar1", IommuType.INTEL_VTD, Map.of()))))
                .filteredOn(change -> change.what().startsWith("iommu"))
                .containsExactly(
                        new Change("iommu dmar0", "intel-vtd", "absent"),
                        new Change("iommu dmar1", "absent", "intel-vtd"));
    }

    @Test
    void doesNotTakeAnotherKernelVersionForDriftUnlessItCanDoLess() {
        Host older = new Host("7.1", WHOLE.option(), true, WHOLE.iommu(), WHOLE.devices());

        assertThat(between(WHOLE, older)).isEmpty();
    }

    private static List<Change> between(Host before, Host after) {
        return InventoryDrift.between(HostCapabilities.of(before.inventory()), HostCapabilities.of(after.inventory()));
    }

    private static HostIommu vtd(long cap, long ecap) {
        return new HostIommu("dmar0", IommuType.INTEL_VTD, Map.of("cap", cap, "ecap", ecap));
    }

    private static HostDevice device(int function) {
        return device(function, "vfio-pci");
    }

    private static HostDevice device(int function, String driver) {
        return new HostDevice(
                new Bdf(0, 0x3b, 0, function),
                0x10de,
                0x2330,
                0x030200,
                Optional.of(function),
                Optional.of("dmar0"),
                Optional.of(0),
                Optional.of(driver),
                20,
                Optional.empty(),
                List.of(),
                List.of(),
                Optional.of(true),
                Optional.empty(),
                Optional.empty());
    }

    private static long bits(int... positions) {
        long value = 0;
        for (int position : positions) {
            value |= 1L << position;
        }
        return value;
    }
}
