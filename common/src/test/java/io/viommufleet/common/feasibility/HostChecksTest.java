package io.viommufleet.common.feasibility;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.feasibility.HostCheckResult.Accepted;
import io.viommufleet.common.feasibility.HostCheckResult.Refused;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.Property;
import io.viommufleet.common.viommu.Viommu;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each vIOMMU model says to a host device (QEMU set_iommu_device), a check at a time. */
class HostChecksTest {
    private static final String PATH = "viommus[0]";
    private static final long FS1GP = 1L << 56;
    private static final long SMPWC = 1L << 48;
    private static final VtdRegisters VTD = new VtdRegisters(FS1GP, SMPWC | 19L << 35);
    private static final SmmuV3Registers SMMU =
            new SmmuV3Registers(2 << 2 | 1 << 10 | 2 << 21 | 1 << 27, 16 | 20 << 6, 0, 1 << 10, 0, 5 | 7 << 4, 0, 0);
    private static final GuestEndpoint PLACE = GuestEndpoint.unused(false);
    private static final GuestEndpoint OCCUPIED = new GuestEndpoint(false, true, Optional.empty());
    private static final GuestEndpoint ALIASED = GuestEndpoint.unused(true);

    /** A vIOMMU, a place in the guest, a host device, and the name of the check that refuses it; empty for none. */
    private record Row(String check, Viommu guest, GuestEndpoint place, HostIommuDevice host) {}

    private static Stream<Row> rows() {
        Viommu plain = viommu("intel-iommu", "caching-mode=on", "aw-bits=48");
        Viommu nested =
                viommu("intel-iommu", "caching-mode=on", "scalable-mode=on", "fsts=on", "aw-bits=48", "fs1gp=on");
        Viommu accelerated = viommu("arm-smmuv3", "accel=on", "oas=44", "ssidsize=8", "ril=on", "ats=on");
        Viommu virtio = viommu("virtio-iommu-pci", "granule=16k");
        return Stream.of(
                new Row("", plain, PLACE, vtd(48)),
                new Row("caching-mode", viommu("intel-iommu", "aw-bits=48"), PLACE, vtd(48)),
                new Row("duplicate", plain, OCCUPIED, vtd(48)),
                new Row("aw-bits", plain, PLACE, vtd(39)),
                new Row("", nested, PLACE, vtd(48)),
                new Row("backend", nested, PLACE, host(DeviceBackend.LEGACY, Optional.of(VTD), 48)),
                new Row("hw-info-type", nested, PLACE, host(DeviceBackend.IOMMUFD, Optional.empty(), 48)),
                new Row("hw-info-type", nested, PLACE, host(DeviceBackend.IOMMUFD, Optional.of(SMMU), 48)),
                new Row("fs1gp", nested, PLACE, vtd(new VtdRegisters(0, VTD.ecap()))),
                new Row("topology", nested, ALIASED, vtd(48)),
                new Row("", plain, ALIASED, vtd(48)),
                new Row("", accelerated, PLACE, smmu(SMMU)),
                new Row("", viommu("arm-smmuv3"), PLACE, vtd(48)),
                new Row("hw-info-type", accelerated, PLACE, vtd(48)),
                new Row("IDR0.STLEVEL", accelerated, PLACE, smmu(with(SMMU.idr0() & ~(3 << 27), SMMU.idr1()))),
                new Row("IDR0.TTENDIAN", accelerated, PLACE, smmu(with(SMMU.idr0() | 3 << 21, SMMU.idr1()))),
                new Row("IDR0.TTF", accelerated, PLACE, smmu(with(SMMU.idr0() & ~(3 << 2), SMMU.idr1()))),
                new Row("IDR1.SIDSIZE", accelerated, PLACE, smmu(with(SMMU.idr0(), 15 | 20 << 6))),
                new Row("IDR1.SSIDSIZE", accelerated, PLACE, smmu(with(SMMU.idr0(), 16 | 7 << 6))),
                new Row("IDR3.RIL", accelerated, PLACE, smmu(with(0, SMMU.idr5(), SMMU))),
                new Row("IDR5.OAS", accelerated, PLACE, smmu(with(SMMU.idr3(), 3 | 7 << 4, SMMU))),
                new Row("IDR0.ATS", accelerated, PLACE, smmu(with(SMMU.idr0() & ~(1 << 10), SMMU.idr1()))),
                new Row("IDR5.GRAN4K", accelerated, PLACE, smmu(with(SMMU.idr3(), 5 | 6 << 4, SMMU))),
                new Row("IDR5.GRAN16K", accelerated, PLACE, smmu(with(SMMU.idr3(), 5 | 5 << 4, SMMU))),
                new Row("IDR5.GRAN64K", accelerated, PLACE, smmu(with(SMMU.idr3(), 5 | 3 << 4, SMMU))),
                new Row("", virtio, PLACE, pages(0x4000)),
                new Row("duplicate", virtio, OCCUPIED, pages(0x4000)),
                new Row("page-size-mask", virtio, PLACE, pages(0x1000)));
    }

    @TestFactory
    Stream<DynamicTest> theFirstCheckThatFailsIsTheAnswer() {
        return rows().map(row -> DynamicTest.dynamicTest(
                row.check() + " " + row.guest().model(),
                () -> assertThat(refusal(HostChecks.check(row.guest(), PATH, Map.of(), row.place(), row.host())))
                        .isEqualTo(row.check())));
    }

    @Test
    void freezesWhatIsLeftToTheHostOnce() {
        Viommu virtio = viommu("virtio-iommu-pci", "granule=host");
        Viommu smmu = viommu("arm-smmuv3", "accel=on", "ril=auto", "ats=auto");

        assertThat(HostChecks.check(virtio, PATH, Map.of(), PLACE, pages(0x10000)))
                .isEqualTo(new Accepted(Map.of("viommus[0].granule", "64k")));
        assertThat(HostChecks.check(smmu, PATH, Map.of(), PLACE, smmu(SMMU)))
                .isEqualTo(new Accepted(Map.of("viommus[0].ril", "on", "viommus[0].ats", "on")));
        assertThat(HostChecks.check(virtio, PATH, Map.of("viommus[0].granule", "64k"), PLACE, pages(0x10000)))
                .isEqualTo(new Accepted(Map.of()));
        assertThat(refusal(HostChecks.check(virtio, PATH, Map.of("viommus[0].granule", "4k"), PLACE, pages(0x10000))))
                .isEqualTo("granule");
        assertThat(refusal(HostChecks.check(
                        smmu, PATH, Map.of("viommus[0].ril", "on"), PLACE, smmu(with(0, SMMU.idr5(), SMMU)))))
                .isEqualTo("IDR3.RIL");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "lots", "4", "4M", "-4k", "0k", "99999999999999999999k"})
    void refusesAFrozenGranuleThatNoAttachCouldHaveFrozen(String granule) {
        Viommu virtio = viommu("virtio-iommu-pci", "granule=host");

        assertThat(HostChecks.check(virtio, PATH, Map.of("viommus[0].granule", granule), PLACE, pages(0x1000)))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.message())
                                .contains("viommus[0].granule frozen as '" + granule + "'")
                                .contains("such as 4k"));
    }

    @Test
    void refusesAFrozenSwitchThatIsNeitherOnNorOff() {
        Viommu smmu = viommu("arm-smmuv3", "accel=on", "ril=auto", "ats=auto");

        assertThat(HostChecks.check(smmu, PATH, Map.of("viommus[0].ats", "perhaps"), PLACE, smmu(SMMU)))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.message())
                                .contains("viommus[0].ats frozen as 'perhaps'")
                                .contains("on or off"));
    }

    private static String refusal(HostCheckResult result) {
        return switch (result) {
            case Accepted _ -> "";
            case Refused refused -> refused.check();
        };
    }

    private static Viommu viommu(String model, String... properties) {
        List<Property> typed = Arrays.stream(properties)
                .map(text -> text.split("=", 2))
                .map(parts -> new Property(parts[0], parts[1]))
                .toList();
        return Viommu.parse(0, model, typed).viommu().orElseThrow();
    }

    private static HostIommuDevice vtd(int widthBits) {
        return host(DeviceBackend.IOMMUFD, Optional.of(VTD), widthBits);
    }

    private static HostIommuDevice vtd(VtdRegisters registers) {
        return host(DeviceBackend.IOMMUFD, Optional.of(registers), 48);
    }

    private static HostIommuDevice smmu(SmmuV3Registers registers) {
        return host(DeviceBackend.IOMMUFD, Optional.of(registers), 48);
    }

    private static HostIommuDevice pages(long mask) {
        return new HostIommuDevice(DeviceBackend.IOMMUFD, Optional.empty(), List.of(AddressRange.ofBits(48)), mask, 0);
    }

    private static HostIommuDevice host(DeviceBackend backend, Optional<IommuRegisters> registers, int widthBits) {
        return new HostIommuDevice(backend, registers, List.of(AddressRange.ofBits(widthBits)), 0x1000, 20);
    }

    private static SmmuV3Registers with(int idr0, int idr1) {
        return new SmmuV3Registers(idr0, idr1, 0, SMMU.idr3(), 0, SMMU.idr5(), 0, 0);
    }

    private static SmmuV3Registers with(int idr3, int idr5, SmmuV3Registers rest) {
        return new SmmuV3Registers(rest.idr0(), rest.idr1(), 0, idr3, 0, idr5, 0, 0);
    }
}
