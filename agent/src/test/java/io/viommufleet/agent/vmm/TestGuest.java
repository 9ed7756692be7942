package io.viommufleet.agent.vmm;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.ObjectKind;
import io.viommufleet.agent.iommufd.ObjectSnapshot;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.GuestCall;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.wire.GuestStepText;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** A VM with all its devices attached on a host, whose guest does what a test says. */
final class TestGuest {
    private static final List<Bdf> HOST_DEVICES = List.of(TestHost.FIRST, TestHost.SECOND);

    private final EmulatedHost host;
    private final int devices;

    private TestGuest(EmulatedHost host, int devices) {
        this.host = host;
        this.devices = devices;
    }

    static TestGuest of(TestHost host, TestVm vm) {
        EmulatedHost booted = host.boot();
        int devices = vm.decided().devices().size();
        for (int index = 0; index < devices; index++) {
            AttachResult result = booted.attach(vm.request("d" + index, HOST_DEVICES.get(index)));
            assertThat(result).isInstanceOf(AttachResult.Attached.class);
        }
        return new TestGuest(booted, devices);
    }

    EmulatedHost host() {
        return host;
    }

    /** Runs lines; every one must succeed. */
    TestGuest does(String... lines) {
        for (String line : lines) {
            assertThat(report(line).failure()).as(line).isEmpty();
        }
        return this;
    }

    /** Runs one line and tells its calls: {@code HWPT_ALLOC, VFIO_DEVICE_ATTACH_IOMMUFD_PT}. */
    String calls(String line) {
        GuestReport report = report(line);
        assertThat(report.failure()).as(line).isEmpty();
        return words(report);
    }

    GuestReport report(String line) {
        return host.runGuest("vm", List.of(GuestStepText.parse(line))).getFirst();
    }

    static String words(GuestReport report) {
        return report.calls().stream().map(GuestCall::words).collect(Collectors.joining(", "));
    }

    /** Objects of a kind in the VM's iommufd. */
    long count(ObjectKind kind) {
        return objects().count(kind);
    }

    /** Areas in the VM's only IOAS. */
    int areas() {
        return objects().ioases().getFirst().areas();
    }

    ObjectSnapshot objects() {
        return Objects.requireNonNull(host.snapshot().objects().get("vm"));
    }

    /** Detaches everything; the host must then be as if it had just booted. */
    void leaves() {
        for (int index = devices - 1; index >= 0; index--) {
            assertThat(host.detach("vm", "d" + index)).isEqualTo(new DetachResult.Detached());
        }
        assertThat(host.snapshot()).isEqualTo(new HostSnapshot(List.of(), Map.of(), List.of()));
    }
}
