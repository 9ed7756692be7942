package io.viommufleet.agent.vmm;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.ReservedRegion;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A host whose devices come, go and change drivers while VMs run on it. */
class HotplugTest {
    private static final Bdf FIRST = Bdf.parse("0000:3b:00.0");
    private static final Bdf SECOND = Bdf.parse("0000:3c:00.0");

    private final TestVm vm = TestVm.nestedIntel().device().device();

    @Test
    void attachesADeviceThatWasPluggedIn() {
        TestVm plain = TestVm.q35().device().device();
        EmulatedHost host = new EmulatedHost(TestHost.vtd().device(FIRST, 1).build());
        assertThat(host.attach(plain.request("d1", SECOND))).isInstanceOf(AttachResult.Failed.class);
        assertThat(host.attach(plain.request("d0", FIRST))).isInstanceOf(AttachResult.Attached.class);

        List<LostDevice> lost =
                host.follow(TestHost.vtd().device(FIRST, 1).device(SECOND, 2).build());

        assertThat(lost).isEmpty();
        assertThat(host.attach(plain.request("d1", SECOND))).isInstanceOf(AttachResult.Attached.class);
        assertThat(host.snapshot().attached())
                .extracting(HostSnapshot.AttachedDevice::bdf)
                .containsExactly(FIRST, SECOND);
        assertThat(host.snapshot().attached())
                .extracting(HostSnapshot.AttachedDevice::hwpt)
                .as("both are on one HWPT, as the IOMMU is still the one of the boot")
                .containsOnly(host.snapshot().attached().getFirst().hwpt());
    }

    @Test
    void takesADeviceThatWasPulledOutFromItsVmAndLeavesNothingBehind() {
        EmulatedHost host = both();
        host.attach(vm.request("d0", FIRST));
        host.attach(vm.request("d1", SECOND));

        List<LostDevice> lost = host.follow(TestHost.vtd().device(FIRST, 1).build());

        assertThat(lost)
                .containsExactly(new LostDevice(
                        "vm",
                        "d1",
                        new AttachFailure(
                                AttachStep.OPEN_CDEV,
                                Optional.empty(),
                                Optional.of("ENODEV"),
                                "0000:3c:00.0 is gone from host "
                                        + both(TestHost.vtd()).metadata().name())));
        assertThat(host.snapshot().attached())
                .extracting(HostSnapshot.AttachedDevice::bdf)
                .containsExactly(FIRST);
        assertThat(host.snapshot().claimedGroups()).containsExactly(1);
        assertThat(host.follow(TestHost.vtd().build()))
                .extracting(LostDevice::device)
                .containsExactly("d0");
        assertThat(host.snapshot().objects()).isEmpty();
        assertThat(host.snapshot().claimedGroups()).isEmpty();
    }

    @Test
    void attachesADeviceAgainThatCameBack() {
        EmulatedHost host = both();
        host.attach(vm.request("d0", FIRST));
        host.follow(TestHost.vtd().device(SECOND, 2).build());

        host.follow(both(TestHost.vtd()));

        assertThat(host.attach(vm.request("d0", FIRST))).isInstanceOf(AttachResult.Attached.class);
    }

    @Test
    void refusesADeviceThatAnotherDriverTook() {
        EmulatedHost host = both();
        host.attach(vm.request("d0", FIRST));

        List<LostDevice> lost = host.follow(TestHost.vtd()
                .device(FIRST, 1, Optional.of("nvidia"), List.of())
                .device(SECOND, 2)
                .build());

        assertThat(lost)
                .singleElement()
                .satisfies(one -> assertThat(one.why().reason())
                        .isEqualTo("0000:3b:00.0 was taken from the VM: its driver is nvidia now"));
        assertThat(host.attach(vm.request("d0", FIRST))).isInstanceOfSatisfying(AttachResult.Failed.class, failed -> {
            assertThat(failed.failure().step()).isEqualTo(AttachStep.OPEN_CDEV);
            assertThat(failed.failure().reason()).contains("its driver is nvidia");
        });
    }

    @Test
    void keepsUserSpaceOutOfAGroupThatAKernelDriverJoined() {
        EmulatedHost host = new EmulatedHost(
                TestHost.vtd().device(FIRST, 1).device(SECOND, 1).build());

        host.follow(TestHost.vtd()
                .device(FIRST, 1)
                .device(SECOND, 1, Optional.of("nvidia"), List.of())
                .build());
        assertThat(host.attach(vm.request("d0", FIRST)))
                .isInstanceOfSatisfying(
                        AttachResult.Failed.class,
                        failed -> assertThat(failed.failure().errno()).contains("EBUSY"));

        host.follow(TestHost.vtd().device(FIRST, 1).device(SECOND, 1).build());
        assertThat(host.attach(vm.request("d0", FIRST))).isInstanceOf(AttachResult.Attached.class);
    }

    @Test
    void reservesFromTheNextAttachOnWhatADeviceReservesNow() {
        EmulatedHost host = both();
        ReservedRegion inRam = new ReservedRegion(0x100000, 0x1fffff, "reserved");
        HostInventory reserving = TestHost.vtd()
                .device(FIRST, 1, Optional.of("vfio-pci"), List.of(inRam))
                .device(SECOND, 2)
                .build();
        assertThat(host.attach(vm.request("d0", FIRST))).isInstanceOf(AttachResult.Attached.class);

        assertThat(host.follow(reserving)).isEmpty();
        host.detach("vm", "d0");
        host.follow(reserving);

        assertThat(host.attach(vm.request("d0", FIRST))).isInstanceOf(AttachResult.Failed.class);
        assertThat(host.attach(vm.request("d1", SECOND))).isInstanceOf(AttachResult.Attached.class);
    }

    private static EmulatedHost both() {
        return new EmulatedHost(both(TestHost.vtd()));
    }

    private static HostInventory both(TestHost host) {
        return host.device(FIRST, 1).device(SECOND, 2).build();
    }
}
