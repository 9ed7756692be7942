package io.viommufleet.common.feasibility;

import static io.viommufleet.common.feasibility.HostCheck.onOff;

import io.viommufleet.common.feasibility.HostCheck.Meeting;
import io.viommufleet.common.feasibility.HostCheckResult.Refused;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.IntelIommu;
import java.util.List;
import java.util.Optional;

/**
 * The checks of QEMU vtd_dev_set_iommu_device, vtd_check_hiod and vtd_check_hiod_accel, in order: those that hold for every device, then, with
 * first-stage translation on, those of nesting. QEMU's third check, that the host device answers get_cap at all, has no counterpart: every
 * {@link HostIommuDevice} does.
 */
final class IntelHostChecks {
    private static final List<HostCheck<IntelIommu>> ALWAYS = List.of(
            new HostCheck<>(
                    "caching-mode",
                    meeting -> onOff(cachingMode(meeting)),
                    meeting -> "an assigned device",
                    IntelHostChecks::cachingMode,
                    "an assigned device needs caching-mode=on"),
            new HostCheck<>(
                    "duplicate",
                    meeting -> "a host device at this guest address",
                    meeting -> "another one",
                    meeting -> !meeting.endpoint().occupied(),
                    "a guest address takes one host device"),
            new HostCheck<>(
                    "aw-bits",
                    meeting -> guestWidth(meeting) + " bits",
                    meeting -> meeting.host().addressWidthBits() + " bits",
                    meeting -> guestWidth(meeting) <= meeting.host().addressWidthBits(),
                    "the guest's aw-bits must not exceed the host's address width"));

    private static final List<HostCheck<IntelIommu>> NESTING = List.of(
            new HostCheck<>(
                    "backend",
                    meeting -> "fsts=on",
                    meeting -> "backend " + meeting.host().backend(),
                    meeting -> meeting.host().backend() == DeviceBackend.IOMMUFD,
                    "first-stage translation needs the iommufd backend"),
            new HostCheck<>(
                    "hw-info-type",
                    meeting -> "intel-vtd",
                    meeting -> meeting.host().informationType(),
                    meeting -> vtd(meeting).isPresent(),
                    "the host's IOMMU must be VT-d"),
            new HostCheck<>(
                    "coherent-walk",
                    meeting -> onOff(coherentWalk(meeting)),
                    meeting -> onOff(vtd(meeting)
                            .filter(VtdRegisters::scalableModeCoherentWalk)
                            .isPresent()),
                    meeting -> !coherentWalk(meeting)
                            || vtd(meeting)
                                    .filter(VtdRegisters::scalableModeCoherentWalk)
                                    .isPresent(),
                    "a guest with coherent page walks needs ECAP.SMPWC on the host"),
            new HostCheck<>(
                    "fs1gp",
                    meeting -> onOff(meeting.guest().firstStage1GiB().orElse(false)),
                    meeting -> onOff(
                            vtd(meeting).filter(VtdRegisters::firstStage1GiB).isPresent()),
                    meeting -> !meeting.guest().firstStage1GiB().orElse(false)
                            || vtd(meeting).filter(VtdRegisters::firstStage1GiB).isPresent(),
                    "fs1gp=on needs CAP.FS1GP on the host"),
            new HostCheck<>(
                    "pasid-bits",
                    IntelHostChecks::pasidBits,
                    meeting -> vtd(meeting).map(VtdRegisters::pasidBits).orElse(0),
                    meeting -> meeting.host().maxPasidLog2() == 0
                            || pasidBits(meeting)
                                    <= vtd(meeting).map(VtdRegisters::pasidBits).orElse(0),
                    "the guest's PASID width must not exceed the host's (ECAP.PSS + 1)"),
            new HostCheck<>(
                    "topology",
                    meeting -> "a conventional bridge above the device",
                    meeting -> "fsts=on",
                    meeting -> !meeting.endpoint().aliased(),
                    "with first-stage translation a device needs a requester id of its own"));

    private IntelHostChecks() {}

    static Optional<Refused> check(Meeting<IntelIommu> meeting) {
        Optional<Refused> refused = HostCheck.firstRefusal(ALWAYS, meeting);
        return refused.isEmpty() && meeting.guest().firstStage().orElse(false)
                ? HostCheck.firstRefusal(NESTING, meeting)
                : refused;
    }

    private static boolean cachingMode(Meeting<IntelIommu> meeting) {
        return meeting.guest().cachingMode().orElse(false);
    }

    private static int guestWidth(Meeting<IntelIommu> meeting) {
        return meeting.guest().addressWidthBits().orElse(0);
    }

    private static int pasidBits(Meeting<IntelIommu> meeting) {
        return meeting.guest().pasidBits().orElse(0);
    }

    /** When the guest announces coherent walks is not certain; process address spaces, whose tables the CPUs share, cannot do without. */
    private static boolean coherentWalk(Meeting<IntelIommu> meeting) {
        return meeting.guest().sharedVirtualMemory().orElse(false);
    }

    private static Optional<VtdRegisters> vtd(Meeting<IntelIommu> meeting) {
        return meeting.host()
                .information()
                .filter(VtdRegisters.class::isInstance)
                .map(VtdRegisters.class::cast);
    }
}
