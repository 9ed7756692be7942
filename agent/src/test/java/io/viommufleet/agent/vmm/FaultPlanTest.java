package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.vmm.TestHost.FIRST;
import static io.viommufleet.agent.vmm.TestHost.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostFault.Effect;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FaultPlanTest {
    private static HostFault fault(String ioctl, long number, Effect effect) {
        return new HostFault(Optional.of(ioctl), Optional.of(number), effect);
    }

    private static AttachFailure failure(AttachResult result) {
        return ((AttachResult.Failed) result).failure();
    }

    @Test
    void knowsTheErrnosOfTheKernel() {
        assertThat(HostFault.ERRNOS)
                .containsExactlyElementsOf(
                        Arrays.stream(Errno.values()).map(Enum::name).sorted().toList());
    }

    @Test
    void failsTheNthCallOfANameWithTheErrnoAndNoOther() {
        EmulatedHost host = TestHost.vtd().boot();
        TestVm vm = TestVm.nestedIntel().device().device();
        host.disturb(List.of(fault("HWPT_ALLOC", 1, new Effect.Fail("ENOSPC"))));
        AttachFailure failure = failure(host.attach(vm.request("d0", FIRST)));
        assertThat(failure.step()).isEqualTo(AttachStep.HWPT_ALLOC);
        assertThat(failure.ioctl()).contains("HWPT_ALLOC");
        assertThat(failure.errno()).contains("ENOSPC");
        assertThat(host.attach(vm.request("d0", FIRST))).isInstanceOf(AttachResult.Attached.class);
    }

    @Test
    void countsEveryCallFromTheMomentOfTakingTheFaultsUp() {
        EmulatedHost host = TestHost.vtd().boot();
        TestVm vm = TestVm.nestedIntel().device().device();
        host.attach(vm.request("d0", FIRST));
        host.disturb(List.of(new HostFault(Optional.empty(), Optional.of(1L), new Effect.Fail("EMFILE"))));
        AttachFailure failure = failure(host.attach(vm.request("d1", SECOND)));
        assertThat(failure.words())
                .startsWith("OPEN_CDEV open /dev/vfio/devices/")
                .contains("EMFILE");
        assertThat(host.attach(vm.request("d1", SECOND))).isInstanceOf(AttachResult.Attached.class);
    }

    @Test
    void aPlanThatIsInForceGoesOnCounting() {
        EmulatedHost host = TestHost.vtd().boot();
        TestVm vm = TestVm.nestedIntel().device();
        List<HostFault> faults = List.of(fault("IOAS_ALLOC", 2, new Effect.Fail("ENOMEM")));
        host.disturb(faults);
        assertThat(host.attach(vm.request("d0", FIRST))).isInstanceOf(AttachResult.Attached.class);
        host.detach("vm", "d0");
        host.disturb(List.copyOf(faults));
        assertThat(failure(host.attach(vm.request("d0", FIRST))).errno()).contains("ENOMEM");
    }

    @Test
    void addsUpDelaysWithoutWaiting() {
        EmulatedHost host = TestHost.vtd().boot();
        host.disturb(List.of(
                new HostFault(Optional.of("IOAS_ALLOC"), Optional.empty(), new Effect.Slow(50_000_000)),
                new HostFault(Optional.of("GET_HW_INFO"), Optional.of(2L), new Effect.Slow(7_000))));
        host.attach(TestVm.nestedIntel().device().request("d0", FIRST));
        assertThat(host.takeDelayNanos()).isEqualTo(50_007_000);
        assertThat(host.takeDelayNanos()).isZero();
    }

    @Test
    void losesADeviceAfterACallAndForGood() {
        EmulatedHost host = TestHost.vtd().boot();
        host.disturb(List.of(fault("HWPT_ALLOC", 1, new Effect.Lose(SECOND))));
        assertThat(host.lostDevices()).isEmpty();
        host.attach(TestVm.nestedIntel().device().request("d0", FIRST));
        assertThat(host.lostDevices()).isEqualTo(Set.of(SECOND));
        host.disturb(List.of());
        assertThat(host.lostDevices()).isEqualTo(Set.of(SECOND));
    }
}
