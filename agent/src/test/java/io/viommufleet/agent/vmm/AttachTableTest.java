package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.vmm.TestHost.FIRST;
import static io.viommufleet.agent.vmm.TestHost.SECOND;
import static io.viommufleet.agent.vmm.TestHost.bit;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.FaultInjector;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.KernelObserver.KernelCall;
import io.viommufleet.agent.iommufd.ObjectKind;
import io.viommufleet.agent.iommufd.ObjectSnapshot;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.viommu.BusType;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The conformance rows "flags and host to outcome", each by its number. Not held here: row 49 (a live update, which is not modelled). Rows 38 to 42 are
 * the injected failures at the end.
 */
class AttachTableTest {
    private static final int NEST = HwptFlags.NEST_PARENT;
    private static final int DIRTY = HwptFlags.DIRTY_TRACKING;
    private static final String V2_PASIDS = "pasid-bits=20";

    /** One row: what HWPT_ALLOC was asked (none if it was not), and the end: "attached", or step with errno or words of the reason. */
    private record Row(String name, TestHost host, TestVm vm, Optional<Integer> alloc, String end, String words) {}

    private static Row attached(String name, TestHost host, TestVm vm, int alloc) {
        return new Row(name, host, vm.device(), Optional.of(alloc), "attached", "");
    }

    private static Row fails(String name, TestHost host, TestVm vm, int alloc, String end, String words) {
        return new Row(name, host, vm.device(), Optional.of(alloc), end, words);
    }

    private static List<Row> intelRows() {
        TestHost narrow = TestHost.vtd().set("cap", 16, 6, 38);
        TestHost withoutDirty = TestHost.vtd().clear("ecap", bit(45));
        return List.of(
                attached("1 plain, dirty", TestHost.vtd(), TestVm.intel(), DIRTY),
                attached("2 plain, no dirty", withoutDirty, TestVm.intel(), 0),
                attached("5 nesting, dirty not wanted", TestHost.vtd(), TestVm.nestedIntel(), NEST),
                attached(
                        "6 nesting with dirty",
                        TestHost.vtd(),
                        TestVm.nestedIntel().rules(RulesVersion.V2),
                        NEST | DIRTY),
                fails(
                        "8 scalable mode off",
                        TestHost.vtd().options("intel_iommu=on,sm_off"),
                        TestVm.nestedIntel(),
                        NEST,
                        "HWPT_ALLOC EOPNOTSUPP",
                        "scalable mode is off"),
                fails(
                        "8 no nesting",
                        TestHost.vtd().clear("ecap", bit(26)),
                        TestVm.nestedIntel(),
                        NEST,
                        "HWPT_ALLOC EOPNOTSUPP",
                        "ECAP.NEST"),
                fails("17 narrow host, nesting", narrow, TestVm.nestedIntel(), NEST, "SET_IOMMU_DEVICE", "aw-bits"),
                fails("18 narrow host, plain", narrow, TestVm.intel(), DIRTY, "SET_IOMMU_DEVICE", "aw-bits"),
                fails(
                        "19 no 1 GiB first stage",
                        TestHost.vtd().clear("cap", bit(56)),
                        TestVm.nestedIntel(),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "fs1gp"),
                fails(
                        "20 PASID too wide",
                        TestHost.vtd().set("ecap", 35, 5, 7),
                        TestVm.nestedIntel(V2_PASIDS),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "pasid-bits"),
                attached(
                        "21 device without PASIDs",
                        TestHost.vtd().pasidBits(0).set("ecap", 35, 5, 7),
                        TestVm.nestedIntel(V2_PASIDS),
                        NEST),
                attached(
                        "22 PASID attach",
                        TestHost.vtd(),
                        TestVm.nestedIntel(V2_PASIDS).rules(RulesVersion.V2),
                        NEST | DIRTY | HwptFlags.PASID),
                fails(
                        "24 walks not coherent",
                        TestHost.vtd().clear("ecap", bit(48)),
                        TestVm.nestedIntel(V2_PASIDS, "svm=on", "device-iotlb=on"),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "coherent-walk"),
                fails(
                        "26 caching mode off",
                        TestHost.vtd(),
                        TestVm.q35().viommu("intel-iommu", "scalable-mode=on", "fsts=on"),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "caching-mode"));
    }

    private static List<Row> otherHostRows() {
        return List.of(
                attached("3 plain on arm", TestHost.smmuV3().clear("idr0", bit(7)), TestVm.virt(), 0),
                attached("3 plain on amd", TestHost.amd().clear("efr", bit(52)), TestVm.q35(), 0),
                fails(
                        "12 amd without nesting",
                        TestHost.amd().register("efr2", 0x800),
                        TestVm.nestedIntel(),
                        NEST,
                        "HWPT_ALLOC EOPNOTSUPP",
                        "GCR3TRPMode"),
                fails(
                        "15 SMMUv3 guest on VT-d",
                        TestHost.vtd(),
                        TestVm.accelerated().memory(1 << 30),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "hw-info-type"),
                fails(
                        "16 VT-d guest on AMD",
                        TestHost.amd(),
                        TestVm.nestedIntel(),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "hw-info-type"));
    }

    private static List<Row> smmuRows() {
        TestVm ssids = TestVm.accelerated("ssidsize=20");
        return List.of(
                attached("10 nesting", TestHost.smmuV3(), TestVm.accelerated(), NEST),
                fails(
                        "11 no stage 2",
                        TestHost.smmuV3().clear("idr0", bit(0)),
                        TestVm.accelerated(),
                        NEST,
                        "HWPT_ALLOC EOPNOTSUPP",
                        "no stage 2"),
                fails(
                        "29 stream table level",
                        TestHost.smmuV3().set("idr0", 27, 2, 0),
                        TestVm.accelerated(),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "IDR0.STLEVEL"),
                fails(
                        "29 granule",
                        TestHost.smmuV3().clear("idr5", bit(5)),
                        TestVm.accelerated(),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "IDR5.GRAN16K"),
                fails(
                        "30 output size",
                        TestHost.smmuV3().set("idr5", 0, 3, 4),
                        TestVm.accelerated("oas=48"),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "IDR5.OAS"),
                fails(
                        "31 range invalidation",
                        TestHost.smmuV3().clear("idr3", bit(10)),
                        TestVm.accelerated(),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "IDR3.RIL"),
                fails(
                        "32 ATS",
                        TestHost.smmuV3().clear("idr0", bit(10)),
                        TestVm.accelerated("ats=on"),
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "IDR0.ATS"),
                fails(
                        "33 substreams",
                        TestHost.smmuV3().set("idr1", 6, 5, 16),
                        ssids,
                        NEST,
                        "SET_IOMMU_DEVICE",
                        "IDR1.SSIDSIZE"),
                attached("34 the host has more", TestHost.smmuV3(), TestVm.accelerated("ats=off"), NEST),
                fails(
                        "46 not accelerated",
                        TestHost.smmuV3(),
                        TestVm.virt().viommu("arm-smmuv3"),
                        DIRTY,
                        "REGISTER_NOTIFIER",
                        "accel=off"));
    }

    private static List<Row> otherGuestRows() {
        return List.of(
                fails(
                        "44 no common page size",
                        TestHost.vtd(),
                        TestVm.q35().viommu("virtio-iommu-pci", "granule=64k"),
                        DIRTY,
                        "SET_IOMMU_DEVICE",
                        "page-size-mask"),
                fails(
                        "47 amd without DMA remapping",
                        TestHost.amd(),
                        TestVm.q35().viommu("amd-iommu"),
                        DIRTY,
                        "REGISTER_NOTIFIER",
                        "dma-remap=off"),
                attached(
                        "48 bypassed bus",
                        TestHost.vtd(),
                        TestVm.q35()
                                .viommu("intel-iommu", "scalable-mode=on", "fsts=on")
                                .bypassed(),
                        DIRTY),
                new Row(
                        "25 behind a conventional bridge",
                        TestHost.vtd(),
                        TestVm.nestedIntel()
                                .bus("bridge", BusType.PCIE_TO_PCI_BRIDGE)
                                .device(DeviceKind.PCI, DeviceBackend.IOMMUFD, Optional.of("bridge")),
                        Optional.of(NEST),
                        "SET_IOMMU_DEVICE",
                        "topology"),
                new Row(
                        "27 legacy backend, nesting",
                        TestHost.vtd(),
                        TestVm.nestedIntel().device(DeviceKind.PCI, DeviceBackend.LEGACY, Optional.empty()),
                        Optional.empty(),
                        "SET_IOMMU_DEVICE",
                        "backend"),
                new Row(
                        "28 legacy backend, accelerated",
                        TestHost.smmuV3(),
                        TestVm.accelerated().device(DeviceKind.PCI, DeviceBackend.LEGACY, Optional.empty()),
                        Optional.empty(),
                        "ADDRESS_SPACE",
                        "iommufd only"),
                new Row(
                        "43 mediated device",
                        TestHost.vtd(),
                        TestVm.intel().device(DeviceKind.MDEV, DeviceBackend.IOMMUFD, Optional.empty()),
                        Optional.empty(),
                        "attached",
                        ""));
    }

    @TestFactory
    Stream<DynamicTest> anAttachEndsAsItsRowSays() {
        return Stream.of(intelRows(), otherHostRows(), smmuRows(), otherGuestRows())
                .flatMap(List::stream)
                .map(row -> DynamicTest.dynamicTest(row.name(), () -> check(row)));
    }

    private static void check(Row row) {
        EmulatedHost host = row.host().boot();
        List<KernelCall> calls = record(host);
        AttachResult result = host.attach(row.vm().request("d0", FIRST));
        assertThat(end(result)).isEqualTo(row.end());
        assertThat(reason(result)).contains(row.words());
        List<Integer> asked = allocations(calls).map(HwptAlloc::flags).toList();
        assertThat(asked).isEqualTo(row.alloc().map(List::of).orElse(List.of()));
    }

    @Test
    void rows4And9BeforeTheDirtyFlagTheHostAloneDecidedAndArmRefused() {
        EmulatedHost intel = TestHost.vtd().bootOlderVmm();
        List<KernelCall> calls = record(intel);
        assertThat(end(intel.attach(TestVm.nestedIntel().device().request("d0", FIRST))))
                .isEqualTo("attached");
        assertThat(allocations(calls).map(HwptAlloc::flags)).containsExactly(NEST | DIRTY);

        EmulatedHost arm = TestHost.smmuV3().bootOlderVmm();
        calls = record(arm);
        assertThat(end(arm.attach(TestVm.accelerated().device().request("d0", FIRST))))
                .isEqualTo("HWPT_ALLOC EOPNOTSUPP");
        assertThat(allocations(calls).map(HwptAlloc::flags)).containsExactly(NEST | DIRTY);
    }

    @Test
    void row7AndRow23WantsThatTheHostLacksAreListedAsUnmet() {
        TestHost host = TestHost.vtd().pasidBits(0).clear("ecap", bit(45));
        TestVm vm = TestVm.nestedIntel(V2_PASIDS).rules(RulesVersion.V2).device();
        assertThat(host.boot().attach(vm.request("d0", FIRST)))
                .isInstanceOfSatisfying(
                        AttachResult.Attached.class,
                        attached -> assertThat(attached.unmet())
                                .containsExactly("WANT_PASID_ATTACH", "WANT_NESTING_DIRTY_TRACKING"));
        assertThat(end(host.boot().attach(vm.strict(true).request("d0", FIRST))))
                .isEqualTo("HWPT_ALLOC");
    }

    @Test
    void row13And14ReadOnlyMemoryIsLeftOutUnderNestingOnly() {
        assertThat(readOnlyMaps(TestVm.nestedIntel().device())).isZero();
        assertThat(readOnlyMaps(TestVm.intel().device())).isEqualTo(1);
    }

    @Test
    void row35ASecondDeviceJoinsTheFirstParentAndViommu() {
        EmulatedHost host = TestHost.smmuV3().boot();
        TestVm vm = TestVm.accelerated().device().device();
        host.attach(vm.request("d0", FIRST));
        List<KernelCall> calls = record(host);
        assertThat(end(host.attach(vm.request("d1", SECOND)))).isEqualTo("attached");
        assertThat(allocations(calls)).isEmpty();
        ObjectSnapshot objects = objects(host);
        assertThat(objects.count(ObjectKind.VIOMMU)).isEqualTo(1);
        assertThat(objects.count(ObjectKind.HWPT_NESTED)).isEqualTo(2);
        assertThat(objects.count(ObjectKind.HWPT_PAGING)).isEqualTo(1);
    }

    @Test
    void row36AnIncompatibleSecondDeviceGetsAParentOfItsOwnInTheSameIoas() {
        EmulatedHost host = TestHost.vtd().boot();
        TestVm vm = TestVm.q35().device().device();
        host.attach(vm.request("d0", FIRST));
        host.kernel().inject(firstAttach(Errno.EINVAL));
        assertThat(end(host.attach(vm.request("d1", SECOND)))).isEqualTo("attached");
        ObjectSnapshot objects = objects(host);
        assertThat(objects.count(ObjectKind.HWPT_PAGING)).isEqualTo(2);
        assertThat(objects.count(ObjectKind.IOAS)).isEqualTo(1);
    }

    @Test
    void row37AnotherErrorOfTheReuseMeansANewIoas() {
        EmulatedHost host = TestHost.vtd().boot();
        TestVm vm = TestVm.q35().device().device();
        host.attach(vm.request("d0", FIRST));
        host.kernel().inject(firstAttach(Errno.EBUSY));
        assertThat(end(host.attach(vm.request("d1", SECOND)))).isEqualTo("attached");
        ObjectSnapshot objects = objects(host);
        assertThat(objects.count(ObjectKind.IOAS)).isEqualTo(2);
    }

    @TestFactory
    Stream<DynamicTest> rows38To41AFailedCallFailsTheAttachAtItsStep() {
        return Stream.of(
                        List.of("38", "GET_HW_INFO", "GET_HW_INFO"),
                        List.of("39", "VFIO_DEVICE_ATTACH_IOMMUFD_PT", "ATTACH"),
                        List.of("40", "VFIO_DEVICE_GET_INFO", "DEVICE_GET_INFO"),
                        List.of("41", "IOAS_MAP", "MAP_RAM"))
                .map(row -> DynamicTest.dynamicTest(row.getFirst(), () -> {
                    EmulatedHost host = TestHost.vtd().boot();
                    HostSnapshot before = host.snapshot();
                    host.kernel().inject((sequence, name) -> name.equals(row.get(1)) ? Errno.ENOMEM : null);
                    AttachResult result =
                            host.attach(TestVm.nestedIntel().device().request("d0", FIRST));
                    assertThat(end(result)).isEqualTo(row.get(2) + " ENOMEM");
                    assertThat(host.snapshot()).isEqualTo(before);
                }));
    }

    @Test
    void row42WithoutRangesTheHostCountsAs64BitsWide() {
        EmulatedHost host = TestHost.vtd().set("cap", 16, 6, 38).boot();
        host.kernel().inject((sequence, name) -> name.equals("IOAS_IOVA_RANGES") ? Errno.ENOMEM : null);
        assertThat(end(host.attach(TestVm.nestedIntel().device().request("d0", FIRST))))
                .isEqualTo("attached");
    }

    @Test
    void row45AFrozenGranuleMustBeThereOnTheNextHost() {
        var request =
                TestVm.q35().viommu("virtio-iommu-pci", "granule=host").device().request("d0", FIRST);
        var frozen = new VmAttachRequest(
                request.vm(),
                request.device(),
                request.bdf(),
                request.memoryBytes(),
                false,
                request.decision(),
                Map.of("viommus[0].granule", "64k"));
        assertThat(end(TestHost.vtd().boot().attach(frozen))).isEqualTo("SET_IOMMU_DEVICE");
        assertThat(TestHost.vtd().boot().attach(request))
                .isInstanceOfSatisfying(
                        AttachResult.Attached.class,
                        attached -> assertThat(attached.resolvedValues()).containsEntry("viommus[0].granule", "4k"));
    }

    @Test
    void aDeviceOfAnotherVmIsRefusedAtTheBindAndTheOtherVmKeepsIt() {
        EmulatedHost host = TestHost.vtd().boot();
        VmAttachRequest first = TestVm.intel().device().request("d0", FIRST);
        host.attach(first);
        HostSnapshot before = host.snapshot();
        VmAttachRequest thief =
                new VmAttachRequest("other", "d0", FIRST, 1 << 20, false, first.decision(), first.resolvedValues());
        assertThat(end(host.attach(thief))).isEqualTo("BIND EINVAL");
        assertThat(host.snapshot()).isEqualTo(before);
    }

    private static ObjectSnapshot objects(EmulatedHost host) {
        return Objects.requireNonNull(host.snapshot().objects().get("vm"));
    }

    private static FaultInjector firstAttach(Errno errno) {
        boolean[] done = {false};
        return (sequence, name) -> {
            boolean now = !done[0] && name.equals("VFIO_DEVICE_ATTACH_IOMMUFD_PT");
            done[0] |= now;
            return now ? errno : null;
        };
    }

    private static long readOnlyMaps(TestVm vm) {
        EmulatedHost host = TestHost.vtd().boot();
        List<KernelCall> calls = record(host);
        assertThat(end(host.attach(vm.request("d0", FIRST)))).isEqualTo("attached");
        return calls.stream()
                .map(KernelCall::arguments)
                .filter(IoasMap.class::isInstance)
                .map(IoasMap.class::cast)
                .filter(map -> (map.flags() & 2) == 0)
                .count();
    }

    private static List<KernelCall> record(EmulatedHost host) {
        List<KernelCall> calls = new ArrayList<>();
        host.kernel().observe(calls::add);
        return calls;
    }

    /** HWPT_ALLOC on an IOAS; nested ones carry data. */
    private static Stream<HwptAlloc> allocations(List<KernelCall> calls) {
        return calls.stream()
                .map(KernelCall::arguments)
                .filter(HwptAlloc.class::isInstance)
                .map(HwptAlloc.class::cast)
                .filter(alloc -> !alloc.data().present());
    }

    private static String end(AttachResult result) {
        return switch (result) {
            case AttachResult.Attached _ -> "attached";
            case AttachResult.Failed(AttachFailure failure) -> step(failure.step(), failure.errno());
        };
    }

    private static String step(AttachStep step, Optional<String> errno) {
        return (step + " " + errno.orElse("")).strip();
    }

    private static String reason(AttachResult result) {
        return switch (result) {
            case AttachResult.Attached _ -> "";
            case AttachResult.Failed(AttachFailure failure) -> failure.reason();
        };
    }
}
