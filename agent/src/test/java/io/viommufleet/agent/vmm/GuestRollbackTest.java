package io.viommufleet.agent.vmm;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.FaultInjector;
import io.viommufleet.agent.iommufd.ObjectKind;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every call of every step of a guest fails once: the host is then as before the step, vdevices apart, and the step succeeds when it is tried again. */
class GuestRollbackTest {
    private static final List<String> NESTED = List.of(
            "boot",
            "enable-viommu gbpa=abort",
            "map d0 iova=0 length=4KiB",
            "map d1 iova=0 length=4KiB",
            "map d0 iova=0 length=4KiB table=0x2000000",
            "bypass d0",
            "block d1",
            "map d1 iova=0 length=4KiB",
            "disable-viommu gbpa=bypass",
            "enable-viommu",
            "unmap d1 iova=0 length=4KiB",
            "reset");
    private static final List<String> SHADOWED = List.of(
            "boot",
            "enable-viommu",
            "map d0 iova=0x1000 length=28KiB to=0x100000",
            "map d1 iova=0 length=2MiB",
            "unmap d0 iova=0x1000 length=4KiB",
            "bypass d0",
            "block d1",
            "map d1 iova=0 length=4KiB",
            "disable-viommu",
            "enable-viommu",
            "reset");

    private record Setting(Supplier<TestHost> host, Supplier<TestVm> vm, List<String> script) {}

    private static Map<String, Setting> settings() {
        return Map.of(
                "intel nested", new Setting(TestHost::vtd, TestVm::nestedIntel, NESTED),
                "intel nested with PASIDs",
                        new Setting(
                                TestHost::vtd,
                                () -> TestVm.nestedIntel("pasid-bits=8").rules(RulesVersion.V2),
                                List.of(
                                        "enable-viommu",
                                        "map d0 iova=0 length=4KiB",
                                        "map d0 iova=0 length=4KiB pasid=3",
                                        "map d0 iova=0 length=4KiB pasid=3 table=0x3000000",
                                        "block d0",
                                        "map d0 iova=0 length=4KiB pasid=3",
                                        "reset")),
                "smmuv3", new Setting(TestHost::smmuV3, TestVm::accelerated, NESTED),
                "intel shadowed", new Setting(TestHost::vtd, TestVm::intel, SHADOWED),
                "amd", new Setting(TestHost::amd, () -> TestVm.q35().viommu("amd-iommu", "dma-remap=on"), SHADOWED),
                "virtio", new Setting(TestHost::vtd, () -> TestVm.q35().viommu("virtio-iommu-pci"), SHADOWED),
                "virtio without boot-bypass",
                        new Setting(
                                TestHost::vtd,
                                () -> TestVm.q35().viommu("virtio-iommu-pci", "boot-bypass=off"),
                                SHADOWED));
    }

    @TestFactory
    Stream<DynamicTest> aFailedStepLeavesTheHostAsItWas() {
        return settings().entrySet().stream()
                .map(setting -> DynamicTest.dynamicTest(setting.getKey(), () -> sweep(setting.getValue())));
    }

    private static void sweep(Setting setting) {
        TestGuest guest =
                TestGuest.of(setting.host().get(), setting.vm().get().device().device());
        int failures = 0;
        for (String line : setting.script()) {
            int failed = 0;
            while (failsAt(guest, line, failed + 1)) {
                failed++;
            }
            failures += failed;
        }
        assertThat(failures).as("calls that failed a step").isGreaterThan(6);
        guest.leaves();
    }

    /** Fails one call of a step; the step must then fail and change nothing. False once the step is over before that call. */
    private static boolean failsAt(TestGuest guest, String line, int call) {
        EmulatedHost host = guest.host();
        long vdevices = guest.count(ObjectKind.VDEVICE);
        HostSnapshot before = host.snapshot();
        host.kernel().inject(FaultInjector.failing(host.kernel().callCount() + call, Errno.ENOMEM));
        GuestReport report = guest.report(line);
        host.kernel().inject(FaultInjector.NONE);
        if (report.ok()) {
            return false;
        }
        assertThat(report.failure().orElseThrow().errno()).contains("ENOMEM");
        if (guest.count(ObjectKind.VDEVICE) == vdevices) {
            assertThat(host.snapshot())
                    .as("%s, call %d: %s", line, call, TestGuest.words(report))
                    .isEqualTo(before);
        }
        return true;
    }
}
