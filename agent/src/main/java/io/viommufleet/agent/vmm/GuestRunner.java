package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.wire.GuestStepText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Lets the guest of one VM do what its script says. Each step stands for itself: one that fails is taken back, and the next is tried all the same. */
final class GuestRunner {
    private final VmProcess vm;

    GuestRunner(VmProcess vm) {
        this.vm = vm;
    }

    List<GuestReport> run(List<GuestStep> script) {
        List<GuestReport> reports = new ArrayList<>(script.size());
        for (GuestStep step : script) {
            vm.kernel().because("guest " + GuestStepText.write(step));
            reports.add(new GuestActivity(vm).run(step, activity -> run(step, activity)));
        }
        return reports;
    }

    private void run(GuestStep step, GuestActivity activity) throws GuestFailure {
        Optional<String> device = step.about();
        if (device.isPresent()) {
            governing(device.get()).run(step, activity);
            return;
        }
        List<GuestIommu> all = vm.guestIommus();
        if (all.isEmpty()) {
            activity.note("the VM has no vIOMMU that drives a device");
        }
        for (GuestIommu iommu : all) {
            iommu.run(step, activity);
        }
    }

    private GuestIommu governing(String device) throws GuestFailure {
        return vm.guestIommus().stream()
                .filter(iommu -> iommu.has(device))
                .findFirst()
                .orElseThrow(() -> GuestFailure.refused(
                        vm.devices().containsKey(device)
                                ? "device %s has no vIOMMU that drives it through iommufd".formatted(device)
                                : "device %s is not attached".formatted(device)));
    }
}
