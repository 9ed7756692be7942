package io.viommufleet.common.feasibility;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.function.LongFunction;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every field of every register lies where the VT-d, SMMUv3 and AMD-Vi manuals put it, and nowhere else. */
class RegisterFieldsTest {
    /** What a field reads as, from the number in its bits. */
    private interface Reading {
        int of(int bits);
    }

    private static final Reading PLAIN = bits -> bits;
    private static final Reading PLUS_ONE = bits -> bits + 1;

    /**
     * A field.
     *
     * @param name for the test's name
     * @param high its highest bit
     * @param low its lowest bit
     * @param reading what its bits mean
     * @param decoded reads it from the raw register
     */
    private record Field(String name, int high, int low, Reading reading, ToIntFunction<Long> decoded) {
        void check() {
            long mask = ((1L << (high - low + 1)) - 1) << low;
            for (int bits = 0; bits < 1 << (high - low + 1); bits++) {
                long alone = (long) bits << low;
                assertThat(decoded.applyAsInt(alone))
                        .as("%s of %#x", name, alone)
                        .isEqualTo(reading.of(bits));
                assertThat(decoded.applyAsInt(alone | ~mask))
                        .as("%s of %#x", name, alone | ~mask)
                        .isEqualTo(reading.of(bits));
            }
        }
    }

    private static <R> Field flag(String name, int bit, LongFunction<R> register, ToFlag<R> flag) {
        return new Field(name, bit, bit, PLAIN, raw -> flag.of(register.apply(raw)) ? 1 : 0);
    }

    private interface ToFlag<R> {
        boolean of(R register);
    }

    private static <R> Field number(
            String name, int high, int low, Reading reading, LongFunction<R> register, ToIntFunction<R> number) {
        return new Field(name, high, low, reading, raw -> number.applyAsInt(register.apply(raw)));
    }

    private static Stream<Field> vtd() {
        LongFunction<VtdRegisters> cap = raw -> new VtdRegisters(raw, 0);
        LongFunction<VtdRegisters> ecap = raw -> new VtdRegisters(0, raw);
        return Stream.of(
                number("CAP.ND", 2, 0, bits -> 4 + 2 * bits, cap, VtdRegisters::domainIdBits),
                flag("CAP.RWBF", 4, cap, VtdRegisters::writeBufferFlush),
                flag("CAP.CM", 7, cap, VtdRegisters::cachingMode),
                number("CAP.SAGAW", 12, 8, PLAIN, cap, VtdRegisters::adjustedWidths),
                number("CAP.MGAW", 21, 16, PLUS_ONE, cap, VtdRegisters::maximumGuestWidth),
                flag("CAP.ZLR", 22, cap, VtdRegisters::zeroLengthRead),
                flag("CAP.SLLPS 2 MiB", 34, cap, VtdRegisters::secondStage2MiB),
                flag("CAP.SLLPS 1 GiB", 35, cap, VtdRegisters::secondStage1GiB),
                flag("CAP.FS1GP", 56, cap, VtdRegisters::firstStage1GiB),
                flag("CAP.PI", 59, cap, VtdRegisters::postedInterrupts),
                flag("CAP.FS5LP", 60, cap, VtdRegisters::firstStage5Level),
                flag("ECAP.C", 0, ecap, VtdRegisters::coherentPageWalk),
                flag("ECAP.QI", 1, ecap, VtdRegisters::queuedInvalidation),
                flag("ECAP.DT", 2, ecap, VtdRegisters::deviceTlb),
                flag("ECAP.IR", 3, ecap, VtdRegisters::interruptRemapping),
                flag("ECAP.PT", 6, ecap, VtdRegisters::passThrough),
                flag("ECAP.SC", 7, ecap, VtdRegisters::snoopControl),
                flag("ECAP.NEST", 26, ecap, VtdRegisters::nestedTranslation),
                flag("ECAP.PRS", 29, ecap, VtdRegisters::pageRequests),
                flag("ECAP.SRS", 31, ecap, VtdRegisters::supervisorRequests),
                flag("ECAP.EAFS", 34, ecap, VtdRegisters::extendedAccessedFlag),
                number("ECAP.PSS", 39, 35, PLUS_ONE, ecap, VtdRegisters::pasidBits),
                flag("ECAP.PASID", 40, ecap, VtdRegisters::processAddressSpaces),
                flag("ECAP.SMTS", 43, ecap, VtdRegisters::scalableMode),
                flag("ECAP.SLADS", 45, ecap, VtdRegisters::secondStageAccessDirty),
                flag("ECAP.SLTS", 46, ecap, VtdRegisters::secondStageTranslation),
                flag("ECAP.FLTS", 47, ecap, VtdRegisters::firstStageTranslation),
                flag("ECAP.SMPWC", 48, ecap, VtdRegisters::scalableModeCoherentWalk),
                flag("ECAP.RPS", 49, ecap, VtdRegisters::ridPasid));
    }

    private static Stream<Field> smmuV3() {
        LongFunction<SmmuV3Registers> idr0 = raw -> smmu((int) raw, 0, 0, 0, 0);
        LongFunction<SmmuV3Registers> idr1 = raw -> smmu(0, (int) raw, 0, 0, 0);
        LongFunction<SmmuV3Registers> idr3 = raw -> smmu(0, 0, (int) raw, 0, 0);
        LongFunction<SmmuV3Registers> idr5 = raw -> smmu(0, 0, 0, (int) raw, 0);
        LongFunction<SmmuV3Registers> cmdqv = raw -> new SmmuV3Registers(0, 0, 0, 0, 0, 0, 0, 0, (int) raw);
        LongFunction<SmmuV3Registers> iidr = raw -> smmu(0, 0, 0, 0, (int) raw);
        int[] outputBits = {32, 36, 40, 42, 44, 48, 52, 48};
        return Stream.of(
                flag("IDR0.S2P", 0, idr0, SmmuV3Registers::stage2),
                flag("IDR0.S1P", 1, idr0, SmmuV3Registers::stage1),
                number("IDR0.TTF", 3, 2, PLAIN, idr0, SmmuV3Registers::tableFormats),
                flag("IDR0.TTF AArch64", 3, idr0, SmmuV3Registers::aarch64Tables),
                flag("IDR0.COHACC", 4, idr0, SmmuV3Registers::coherentAccess),
                flag("IDR0.BTM", 5, idr0, SmmuV3Registers::broadcastTlb),
                number("IDR0.HTTU", 7, 6, PLAIN, idr0, SmmuV3Registers::hardwareTableUpdate),
                flag("IDR0.ATS", 10, idr0, SmmuV3Registers::ats),
                flag("IDR0.ASID16", 12, idr0, SmmuV3Registers::asid16),
                flag("IDR0.PRI", 16, idr0, SmmuV3Registers::pageRequests),
                flag("IDR0.VMID16", 18, idr0, SmmuV3Registers::vmid16),
                flag("IDR0.CD2L", 19, idr0, SmmuV3Registers::twoLevelContextTable),
                number("IDR0.TTENDIAN", 22, 21, PLAIN, idr0, SmmuV3Registers::tableEndianness),
                number("IDR0.STALL_MODEL", 25, 24, PLAIN, idr0, SmmuV3Registers::stallModel),
                flag("IDR0.TERM_MODEL", 26, idr0, SmmuV3Registers::terminateModel),
                number("IDR0.ST_LEVEL", 28, 27, PLAIN, idr0, SmmuV3Registers::streamTableLevel),
                number("IDR1.SIDSIZE", 5, 0, PLAIN, idr1, SmmuV3Registers::streamIdBits),
                number("IDR1.SSIDSIZE", 10, 6, PLAIN, idr1, SmmuV3Registers::substreamIdBits),
                number("IDR1.CMDQS", 25, 21, PLAIN, idr1, SmmuV3Registers::commandQueueLog2),
                flag("IDR3.FWB", 8, idr3, SmmuV3Registers::forceWriteBack),
                flag("IDR3.RIL", 10, idr3, SmmuV3Registers::rangeInvalidation),
                number("IDR3.BBML", 12, 11, PLAIN, idr3, SmmuV3Registers::breakBeforeMakeLevel),
                number("IDR5.OAS", 2, 0, bits -> outputBits[bits], idr5, SmmuV3Registers::outputAddressBits),
                number("IDR5.GRAN", 6, 4, PLAIN, idr5, SmmuV3Registers::granules),
                flag("IDR5.GRAN4K", 4, idr5, SmmuV3Registers::granule4KiB),
                flag("IDR5.GRAN16K", 5, idr5, SmmuV3Registers::granule16KiB),
                flag("IDR5.GRAN64K", 6, idr5, SmmuV3Registers::granule64KiB),
                number("IDR5.VAX", 11, 10, PLAIN, idr5, SmmuV3Registers::virtualAddressExtension),
                number("IIDR.Implementer", 11, 0, PLAIN, iidr, SmmuV3Registers::implementer),
                number("IIDR.Revision", 15, 12, PLAIN, iidr, SmmuV3Registers::revision),
                number("IIDR.Variant", 19, 16, PLAIN, iidr, SmmuV3Registers::variant),
                number("IIDR.ProductID", 31, 20, PLAIN, iidr, SmmuV3Registers::product),
                number("CMDQV_PARAM.VER", 3, 0, PLAIN, cmdqv, SmmuV3Registers::cmdqvVersion),
                number("CMDQV_PARAM.NUM_VCMDQ_LOG2", 7, 4, PLAIN, cmdqv, SmmuV3Registers::cmdqvQueuesLog2),
                number("CMDQV_PARAM.NUM_VINTF_LOG2", 11, 8, PLAIN, cmdqv, SmmuV3Registers::cmdqvInterfacesLog2),
                number("CMDQV_PARAM.NUM_SID_PER_VM_LOG2", 15, 12, PLAIN, cmdqv, SmmuV3Registers::cmdqvStreamIdsLog2));
    }

    private static Stream<Field> amd() {
        LongFunction<AmdRegisters> efr = raw -> new AmdRegisters(raw, 0);
        LongFunction<AmdRegisters> efr2 = raw -> new AmdRegisters(0, raw);
        return Stream.of(
                flag("EFR.PPRSup", 1, efr, AmdRegisters::pageRequests),
                flag("EFR.GTSup", 4, efr, AmdRegisters::guestTranslation),
                flag("EFR.IASup", 6, efr, AmdRegisters::invalidateAll),
                flag("EFR.GASup", 7, efr, AmdRegisters::guestApic),
                number("EFR.HATS", 11, 10, PLAIN, efr, AmdRegisters::hostAddressTranslationSize),
                number("EFR.GATS", 13, 12, PLAIN, efr, AmdRegisters::guestAddressTranslationSize),
                number("EFR.GLXSup", 15, 14, PLAIN, efr, AmdRegisters::guestCr3Levels),
                number("EFR.PASmax", 36, 32, PLUS_ONE, efr, AmdRegisters::pasidBits),
                flag("EFR.GIOSup", 48, efr, AmdRegisters::guestIoProtection),
                flag("EFR.HASup", 49, efr, AmdRegisters::hostAccessed),
                flag("EFR.HDSup", 52, efr, AmdRegisters::hostDirty),
                flag("EFR2.GCR3TRPMode", 3, efr2, AmdRegisters::guestCr3TablePhysical),
                flag("EFR2.HtRangeIgnore", 11, efr2, AmdRegisters::ignoresHyperTransportRange));
    }

    @TestFactory
    Stream<DynamicTest> readsEachFieldFromItsOwnBitsAlone() {
        return Stream.of(vtd(), smmuV3(), amd())
                .flatMap(fields -> fields)
                .map(field -> DynamicTest.dynamicTest(field.name(), field::check));
    }

    @Test
    void namesEveryFieldThatARegisterClassDecodes() {
        assertThat(vtd().count()).isEqualTo(decoders(VtdRegisters.class));
        assertThat(smmuV3().count() + 2)
                .as("with the erratum, and whether CMDQV is there")
                .isEqualTo(decoders(SmmuV3Registers.class));
        assertThat(amd().count()).isEqualTo(decoders(AmdRegisters.class));
    }

    @ParameterizedTest
    @CsvSource({
        "0x483, 1, 0, true",
        "0x483, 2, 0, false",
        "0x487, 0, 9, true",
        "0x487, 1, 0, true",
        "0x487, 1, 1, false",
        "0x487, 2, 0, false",
        "0x488, 0, 0, false"
    })
    void knowsTheArmPartsWhoseNestingTheKernelWithholds(String product, int variant, int revision, boolean erratum) {
        int iidr = Integer.decode(product) << 20 | variant << 16 | revision << 12;

        assertThat(smmu(0, 0, 0, 0, iidr | 0x43b).nestingErratum()).isEqualTo(erratum);
        assertThat(smmu(0, 0, 0, 0, iidr | 0x36).nestingErratum())
                .as("of another implementer")
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({"false, false, false", "true, false, true", "false, true, true"})
    void makesAViommuObjectOnlyWhereTheDeviceIsCoherentWhateverTheSmmusOwnWalksAre(
            boolean forceWriteBack, boolean coherentWriteBack, boolean able) {
        SmmuV3Registers registers = smmu(0x1f, 0, forceWriteBack ? 1 << 8 : 0, 0x15, 0);
        KernelSetup kernel = new KernelSetup(KernelVersion.LINUX_7_0, false, true, false);

        assertThat(new SmmuV3Capabilities(registers, kernel)
                        .viommu(coherentWriteBack)
                        .available())
                .isEqualTo(able);
    }

    private static SmmuV3Registers smmu(int idr0, int idr1, int idr3, int idr5, int iidr) {
        return new SmmuV3Registers(idr0, idr1, 0, idr3, 0, idr5, iidr, 0);
    }

    /** Public methods without parameters that are neither raw registers nor what every record or every IOMMU has. */
    private static long decoders(Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> method.getParameterCount() == 0
                        && (method.getReturnType() == boolean.class || method.getReturnType() == int.class))
                .filter(method -> Arrays.stream(type.getRecordComponents())
                        .noneMatch(component -> component.getName().equals(method.getName())))
                .filter(method -> !method.getName().equals("hashCode"))
                .count();
    }
}
