package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.vmm.TestHost.FIRST;
import static io.viommufleet.agent.vmm.TestHost.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.FaultInjector;
import io.viommufleet.agent.iommufd.ObjectKind;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every call of the attach path fails once, for every vIOMMU model, alone on the host and beside an attached device: object table, reservations and
 * claims are then as before, and the next attempt succeeds as if nothing had been.
 */
class RollbackTest {
    /** Far more than any attach makes. */
    private static final int MOST_CALLS = 200;

    /** One of each class: no memory, wrong, in use, not known, not allowed, not there, bad address. */
    private static final List<Errno> ERRNOS =
            List.of(Errno.ENOMEM, Errno.EINVAL, Errno.EBUSY, Errno.EOPNOTSUPP, Errno.EPERM, Errno.ENOENT, Errno.EFAULT);

    /** A VM of two devices on a host that can have both. */
    private record Setting(Supplier<TestHost> host, Supplier<TestVm> vm) {}

    private static Map<String, Setting> settings() {
        return Map.of(
                "none", new Setting(TestHost::vtd, TestVm::q35),
                "intel", new Setting(TestHost::vtd, TestVm::intel),
                "intel nested",
                        new Setting(
                                TestHost::vtd,
                                () -> TestVm.nestedIntel("pasid-bits=20").rules(RulesVersion.V2)),
                "intel nested, read-only memory refused",
                        new Setting(() -> TestHost.vtd().kernel("6.12"), TestVm::nestedIntel),
                "smmuv3", new Setting(TestHost::smmuV3, () -> TestVm.accelerated("ril=auto", "ats=auto")),
                "virtio", new Setting(TestHost::smmuV3, () -> TestVm.virt().viommu("virtio-iommu-pci", "granule=host")),
                "amd", new Setting(TestHost::amd, () -> TestVm.q35().viommu("amd-iommu", "dma-remap=on")),
                "riscv", new Setting(TestHost::smmuV3, () -> TestVm.virt().viommu("riscv-iommu-pci")),
                "mediated",
                        new Setting(
                                TestHost::vtd,
                                () -> TestVm.q35().device(DeviceKind.MDEV, DeviceBackend.IOMMUFD, Optional.empty())),
                "legacy",
                        new Setting(
                                TestHost::vtd,
                                () -> TestVm.intel().device(DeviceKind.PCI, DeviceBackend.LEGACY, Optional.empty())));
    }

    @TestFactory
    Stream<DynamicTest> aFailedAttachLeavesTheHostAsItWas() {
        return settings().entrySet().stream()
                .flatMap(setting -> Stream.of(false, true)
                        .flatMap(second -> ERRNOS.stream()
                                .map(errno -> DynamicTest.dynamicTest(
                                        "%s, %s device, %s"
                                                .formatted(setting.getKey(), second ? "second" : "first", errno),
                                        () -> sweep(setting.getValue(), second, errno)))));
    }

    private static void sweep(Setting setting, boolean second, Errno errno) {
        int failures = 0;
        int call = 0;
        Attempt attempt;
        do {
            call++;
            attempt = failAt(call, setting, second, errno);
            failures += attempt.failed() ? 1 : 0;
        } while (attempt.reached() && call < MOST_CALLS);
        assertThat(call).as("the sweep went past the last call").isLessThan(MOST_CALLS);
        assertThat(failures).as("calls whose failure fails the attach").isGreaterThan(1);
    }

    @TestFactory
    Stream<DynamicTest> anUndoThatFailsItselfLeavesNoDeviceBehind() {
        return settings().entrySet().stream()
                .filter(setting -> !setting.getKey().equals("legacy")) // its undo makes no call
                .flatMap(setting -> Stream.of(false, true)
                        .map(second -> DynamicTest.dynamicTest(
                                "%s, %s device".formatted(setting.getKey(), second ? "second" : "first"),
                                () -> sweepUndo(setting.getValue(), second))));
    }

    private static void sweepUndo(Setting setting, boolean second) {
        int call = 0;
        int undoFailed = 0;
        boolean reached = true;
        while (reached && call < MOST_CALLS) {
            call++;
            reached = failAt(call, setting, second, Errno.ENOMEM).reached();
            boolean more = reached;
            for (int later = 1; more && later < MOST_CALLS; later++) {
                more = failBoth(call, later, setting, second);
                undoFailed += more ? 1 : 0;
            }
        }
        assertThat(undoFailed).as("failing calls after a failing call").isPositive();
    }

    /** Fails a call, and another one after it; whether the second was reached in a failing attach. */
    private static boolean failBoth(int call, int later, Setting setting, boolean second) {
        TestVm vm = setting.vm().get().device().device();
        EmulatedHost host = setting.host().get().boot();
        HostSnapshot empty = host.snapshot();
        if (second) {
            host.attach(vm.request("d0", FIRST));
        }
        HostSnapshot before = host.snapshot();
        long first = host.kernel().callCount() + call;
        host.kernel().inject((sequence, name) -> sequence == first || sequence == first + later ? Errno.ENOMEM : null);
        AttachResult result = host.attach(second ? vm.request("d1", SECOND) : vm.request("d0", FIRST));
        boolean reached = host.kernel().callCount() >= first + later;
        host.kernel().inject(FaultInjector.NONE);
        HostSnapshot after = host.snapshot();
        if (result instanceof AttachResult.Failed(AttachFailure shown)) {
            assertThat(shown.errno()).contains("ENOMEM");
            assertThat(after.attached()).isEqualTo(before.attached());
            assertThat(after.claimedGroups()).isEqualTo(before.claimedGroups());
            assertThat(devices(after)).as("calls %d and %d", call, later).isEqualTo(devices(before));
        }
        host.detach("vm", "d1");
        host.detach("vm", "d0");
        assertThat(host.snapshot())
                .as("calls %d and %d, all detached", call, later)
                .isEqualTo(empty);
        return reached;
    }

    /** Devices in the object tables: what an undo may never leave. An IOAS or HWPT that could not be destroyed stays until the iommufd closes. */
    private static long devices(HostSnapshot snapshot) {
        return snapshot.objects().values().stream()
                .flatMap(table -> table.objects().stream())
                .filter(entry -> entry.kind() == ObjectKind.DEVICE)
                .count();
    }

    private record Attempt(boolean reached, boolean failed) {}

    private static Attempt failAt(int call, Setting setting, boolean second, Errno errno) {
        TestVm vm = setting.vm().get().device().device();
        EmulatedHost host = setting.host().get().boot();
        AttachResult undisturbed = setting.host().get().boot().attach(vm.request("d0", FIRST));
        assertThat(undisturbed).isInstanceOf(AttachResult.Attached.class);
        HostSnapshot empty = host.snapshot();
        if (second) {
            host.attach(vm.request("d0", FIRST));
        }
        VmAttachRequest request = second ? vm.request("d1", SECOND) : vm.request("d0", FIRST);
        HostSnapshot before = host.snapshot();
        long target = host.kernel().callCount() + call;
        List<String> failing = new ArrayList<>();
        host.kernel().observe(called -> {
            if (called.sequence() == target && !called.result().isOk()) {
                failing.add(called.name());
            }
        });
        host.kernel().inject(FaultInjector.failing(target, errno));
        AttachResult result = host.attach(request);
        boolean reached = host.kernel().callCount() >= target;
        host.kernel().inject(FaultInjector.NONE);
        host.kernel().observe(null);
        boolean failed = result instanceof AttachResult.Failed;
        if (result instanceof AttachResult.Failed(AttachFailure shown)) {
            assertThat(shown.errno()).as("the kernel's own error").contains(errno.name());
            assertThat(shown.ioctl().orElse("").split(" ", -1)[0]).isEqualTo(failing.getFirst());
            assertThat(host.snapshot()).as("after call %d failed", call).isEqualTo(before);
            AttachResult again = host.attach(request);
            assertThat(again).isInstanceOf(AttachResult.Attached.class);
            assertThat(second || again.equals(undisturbed))
                    .as("as if nothing had been")
                    .isTrue();
        }
        assertThat(host.detach("vm", request.device())).isEqualTo(new DetachResult.Detached());
        assertThat(host.snapshot()).as("detached, call %d", call).isEqualTo(before);
        host.detach("vm", "d0");
        assertThat(host.snapshot()).isEqualTo(empty);
        return new Attempt(reached, failed);
    }
}
