package io.viommufleet.common.feasibility;

import static io.viommufleet.common.feasibility.HostCheck.onOff;

import io.viommufleet.common.feasibility.HostCheck.Meeting;
import io.viommufleet.common.feasibility.HostCheckResult.Refused;
import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.BitsOrAuto;
import io.viommufleet.common.viommu.OnOffAuto;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The checks of QEMU smmuv3_accel_set_iommu_device on an accelerated SMMUv3, in order. Values that are {@code auto} become the host's first, once,
 * from the first device.
 */
final class SmmuV3HostChecks {
    /** What QEMU's SMMUv3 always announces: two-level stream tables. */
    private static final int STREAM_TABLE_LEVEL = 1;
    /** Little-endian tables. */
    private static final int TABLE_ENDIANNESS = 2;
    /** AArch64 tables. */
    private static final int TABLE_FORMAT = 2;

    private static final int STREAM_ID_BITS = 16;

    private static final HostCheck<ArmSmmuv3> TYPE = new HostCheck<>(
            "hw-info-type",
            meeting -> "arm-smmuv3",
            meeting -> meeting.host().informationType(),
            meeting -> meeting.host()
                    .information()
                    .filter(SmmuV3Registers.class::isInstance)
                    .isPresent(),
            "the host's IOMMU must be an Arm SMMUv3");

    private static final List<HostCheck<ArmSmmuv3>> FIELDS = List.of(
            equal("IDR0.STLEVEL", STREAM_TABLE_LEVEL, SmmuV3Registers::streamTableLevel),
            new HostCheck<>(
                    "IDR0.TTENDIAN",
                    meeting -> TABLE_ENDIANNESS,
                    meeting -> smmu(meeting).tableEndianness(),
                    meeting -> smmu(meeting).tableEndianness() <= TABLE_ENDIANNESS,
                    "the host must take little-endian tables"),
            atLeast("IDR0.TTF", guest -> TABLE_FORMAT, SmmuV3Registers::tableFormats),
            atLeast("IDR1.SIDSIZE", guest -> STREAM_ID_BITS, SmmuV3Registers::streamIdBits),
            atLeast("IDR1.SSIDSIZE", SmmuV3HostChecks::substreamBits, SmmuV3Registers::substreamIdBits),
            needs("IDR3.RIL", guest -> isOn(guest.rangeInvalidation()), SmmuV3Registers::rangeInvalidation),
            atLeast("IDR5.OAS", SmmuV3HostChecks::outputBits, SmmuV3Registers::outputAddressBits),
            needs("IDR0.ATS", guest -> isOn(guest.addressTranslationService()), SmmuV3Registers::ats),
            granule("IDR5.GRAN4K", SmmuV3Registers::granule4KiB),
            granule("IDR5.GRAN16K", SmmuV3Registers::granule16KiB),
            granule("IDR5.GRAN64K", SmmuV3Registers::granule64KiB));

    private SmmuV3HostChecks() {}

    static HostCheckResult check(Meeting<ArmSmmuv3> meeting, String path) {
        if (!meeting.guest().accel().orElse(false)) {
            return new HostCheckResult.Accepted(Map.of());
        }
        Optional<Refused> otherType = HostCheck.firstRefusal(List.of(TYPE), meeting);
        if (otherType.isPresent()) {
            return otherType.get();
        }
        Map<String, String> finalised = finalise(meeting, path);
        ArmSmmuv3 guest = withValues(meeting.guest(), finalised, path);
        Optional<Refused> refused =
                HostCheck.firstRefusal(FIELDS, new Meeting<>(guest, meeting.endpoint(), meeting.host()));
        return refused.isPresent() ? refused.get() : new HostCheckResult.Accepted(finalised);
    }

    /** The vIOMMU with the values that were frozen for it put in place of {@code auto}. */
    static ArmSmmuv3 withValues(ArmSmmuv3 guest, Map<String, String> values, String path) {
        return new ArmSmmuv3(
                guest.primaryBus(),
                guest.stage(),
                guest.accel(),
                guest.msiDoorbellAddress(),
                frozen(guest.rangeInvalidation(), values.get(path + ".ril")),
                frozen(guest.addressTranslationService(), values.get(path + ".ats")),
                guest.outputAddressSize(),
                frozenBits(guest.substreamIdSize(), values.get(path + ".ssidsize")),
                guest.commandQueueVirtualization());
    }

    private static Map<String, String> finalise(Meeting<ArmSmmuv3> meeting, String path) {
        Map<String, String> values = new TreeMap<>();
        if (isAuto(meeting.guest().rangeInvalidation())) {
            values.put(path + ".ril", onOff(smmu(meeting).rangeInvalidation()));
        }
        if (isAuto(meeting.guest().addressTranslationService())) {
            values.put(path + ".ats", onOff(smmu(meeting).ats()));
        }
        if (meeting.guest().substreamIdSize().filter(BitsOrAuto::isAuto).isPresent()) {
            values.put(path + ".ssidsize", Integer.toString(smmu(meeting).substreamIdBits()));
        }
        return values;
    }

    private static Optional<BitsOrAuto> frozenBits(Optional<BitsOrAuto> configured, @Nullable String value) {
        return configured.filter(BitsOrAuto::isAuto).isPresent() && value != null
                ? Optional.of(BitsOrAuto.of(Integer.parseInt(value)))
                : configured;
    }

    private static Optional<OnOffAuto> frozen(Optional<OnOffAuto> configured, @Nullable String value) {
        return isAuto(configured) && value != null ? OnOffAuto.named(value) : configured;
    }

    private static boolean isAuto(Optional<OnOffAuto> value) {
        return value.equals(Optional.of(OnOffAuto.AUTO));
    }

    private static boolean isOn(Optional<OnOffAuto> value) {
        return value.equals(Optional.of(OnOffAuto.ON));
    }

    private static int substreamBits(ArmSmmuv3 guest) {
        return bits(guest.substreamIdSize());
    }

    private static int outputBits(ArmSmmuv3 guest) {
        return bits(guest.outputAddressSize());
    }

    private static int bits(Optional<BitsOrAuto> width) {
        return width.map(value -> value.bits().orElse(0)).orElse(0);
    }

    /** Only called after {@link #TYPE} held. */
    private static SmmuV3Registers smmu(Meeting<ArmSmmuv3> meeting) {
        return (SmmuV3Registers) meeting.host().information().orElseThrow();
    }

    private static HostCheck<ArmSmmuv3> equal(String field, int guest, ToIntFunction<SmmuV3Registers> host) {
        return new HostCheck<>(
                field,
                meeting -> guest,
                meeting -> host.applyAsInt(smmu(meeting)),
                meeting -> host.applyAsInt(smmu(meeting)) == guest,
                "the two must be equal");
    }

    private static HostCheck<ArmSmmuv3> atLeast(
            String field, ToIntFunction<ArmSmmuv3> guest, ToIntFunction<SmmuV3Registers> host) {
        return new HostCheck<>(
                field,
                meeting -> guest.applyAsInt(meeting.guest()),
                meeting -> host.applyAsInt(smmu(meeting)),
                meeting -> host.applyAsInt(smmu(meeting)) >= guest.applyAsInt(meeting.guest()),
                "the host's must not be less");
    }

    private static HostCheck<ArmSmmuv3> needs(
            String field, Predicate<ArmSmmuv3> guest, Predicate<SmmuV3Registers> host) {
        return new HostCheck<>(
                field,
                meeting -> onOff(guest.test(meeting.guest())),
                meeting -> onOff(host.test(smmu(meeting))),
                meeting -> !guest.test(meeting.guest()) || host.test(smmu(meeting)),
                "what the guest has on, the host must have");
    }

    /** QEMU's SMMUv3 announces every granule. */
    private static HostCheck<ArmSmmuv3> granule(String field, Predicate<SmmuV3Registers> host) {
        return new HostCheck<>(
                field,
                meeting -> onOff(true),
                meeting -> onOff(host.test(smmu(meeting))),
                meeting -> host.test(smmu(meeting)),
                "the two must be equal");
    }
}
