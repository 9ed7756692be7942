package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.vmm.TestHost.FIRST;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.FaultInjector;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A device is reset on its way from one VM to the next, or stays where it is. */
class DeviceResetTest {
    private static final FaultInjector NO_RESET =
            (sequence, name) -> name.equals("VFIO_DEVICE_RESET") ? Errno.EIO : null;

    private static TestVm vm(DeviceBackend backend) {
        return TestVm.q35().device(DeviceKind.PCI, backend, Optional.empty());
    }

    private static List<String> callsOf(EmulatedHost host, Runnable work) {
        List<String> names = new ArrayList<>();
        host.kernel().observe(call -> names.add(call.name()));
        work.run();
        host.kernel().observe(null);
        return names;
    }

    private static AttachFailure failureOf(DetachResult result) {
        return ((DetachResult.Failed) result).failure();
    }

    @Test
    void itIsResetOnceTheGuestCannotReachItAndBeforeItsFileIsClosed() {
        EmulatedHost host = TestHost.vtd().boot();
        host.attach(vm(DeviceBackend.IOMMUFD).request("d0", FIRST));

        assertThat(callsOf(host, () -> host.detach("vm", "d0")))
                .containsSubsequence("VFIO_DEVICE_DETACH_IOMMUFD_PT", "VFIO_DEVICE_RESET", "close")
                .containsOnlyOnce("VFIO_DEVICE_RESET");
    }

    @ParameterizedTest
    @EnumSource(DeviceBackend.class)
    void oneThatCannotBeResetStaysHeldUntilItCan(DeviceBackend backend) {
        EmulatedHost host = TestHost.vtd().boot();
        HostSnapshot empty = host.snapshot();
        host.attach(vm(backend).request("d0", FIRST));
        host.kernel().inject(NO_RESET);

        AttachFailure why = failureOf(host.detach("vm", "d0"));
        assertThat(why.step()).isEqualTo(AttachStep.RESET);
        assertThat(why.ioctl()).contains("VFIO_DEVICE_RESET");
        assertThat(why.errno()).contains("EIO");
        assertThat(why.reason()).contains("0000:01:00.0").contains("EIO");
        assertThat(host.snapshot().attached()).isEmpty();
        assertThat(host.snapshot().claimedGroups()).containsExactly(1);
        assertThat(failureOf(host.detach("vm", "d0")))
                .as("it is tried again, in vain")
                .isEqualTo(why);

        host.kernel().inject(FaultInjector.NONE);
        assertThat(callsOf(host, () -> assertThat(host.detach("vm", "d0")).isEqualTo(new DetachResult.Detached())))
                .contains("VFIO_DEVICE_RESET")
                .doesNotContain("VFIO_DEVICE_DETACH_IOMMUFD_PT");
        assertThat(host.snapshot()).isEqualTo(empty);
    }

    @Test
    void nobodyElseGetsOneThatIsNotClean() {
        EmulatedHost host = TestHost.vtd().boot();
        host.attach(vm(DeviceBackend.IOMMUFD).request("d0", FIRST));
        host.kernel().inject(NO_RESET);
        host.detach("vm", "d0");

        assertThat(host.attach(vm(DeviceBackend.IOMMUFD).named("other").request("d0", FIRST)))
                .isInstanceOfSatisfying(
                        AttachResult.Failed.class,
                        failed -> assertThat(failed.failure().step()).isEqualTo(AttachStep.BIND));
    }

    @Test
    void oneThatHasNoResetIsNotTried() {
        EmulatedHost host =
                TestHost.vtd().reset(Optional.of(false)).device(FIRST, 1).boot();
        host.attach(vm(DeviceBackend.IOMMUFD).request("d0", FIRST));

        assertThat(callsOf(
                        host,
                        () -> assertThat(failureOf(host.detach("vm", "d0")).reason())
                                .contains("has no reset")))
                .doesNotContain("VFIO_DEVICE_RESET");
        assertThat(host.snapshot().claimedGroups()).containsExactly(1);
    }

    @Test
    void oneOfWhichNobodyKnowsIsTried() {
        EmulatedHost host =
                TestHost.vtd().reset(Optional.empty()).device(FIRST, 1).boot();
        host.attach(vm(DeviceBackend.IOMMUFD).request("d0", FIRST));

        assertThat(callsOf(host, () -> assertThat(host.detach("vm", "d0")).isEqualTo(new DetachResult.Detached())))
                .contains("VFIO_DEVICE_RESET");
    }

    @Test
    void anAttachThatFailsIsTakenBackWithoutAReset() {
        EmulatedHost host = TestHost.vtd().boot();
        host.kernel().inject((sequence, name) -> name.equals("IOAS_MAP") ? Errno.ENOMEM : null);

        assertThat(callsOf(host, () -> host.attach(vm(DeviceBackend.IOMMUFD).request("d0", FIRST))))
                .doesNotContain("VFIO_DEVICE_RESET");
        assertThat(host.snapshot().claimedGroups()).isEmpty();
    }

    @Test
    void oneThatIsPulledOutIsNotWaitedFor() {
        TestHost described = TestHost.vtd();
        EmulatedHost host = described.boot();
        HostSnapshot empty = host.snapshot();
        host.attach(vm(DeviceBackend.IOMMUFD).request("d0", FIRST));
        host.kernel().inject(NO_RESET);

        assertThat(host.follow(described.build().without(Set.of(FIRST)))).hasSize(1);
        assertThat(host.snapshot()).isEqualTo(empty);
    }
}
