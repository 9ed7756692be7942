package io.viommufleet.controller.placement;

import java.util.LinkedHashMap;
import java.util.Map;

/** The profiles of the classes of VMs that were asked about last; the others are found out again when they are asked about. */
final class VmProfiles {
    private static final int LIMIT = 1024;

    private final DeviceFeasibility feasibility;
    private final Map<VmClass, VmProfile> profiles = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<VmClass, VmProfile> eldest) {
            return size() > LIMIT;
        }
    };

    VmProfiles(DeviceFeasibility feasibility) {
        this.feasibility = feasibility;
    }

    VmProfile of(Candidate vm) {
        return profiles.computeIfAbsent(VmClass.of(vm), vmClass -> new VmProfile(feasibility, vmClass));
    }

    void forget(HostLayout layout) {
        profiles.values().forEach(profile -> profile.forget(layout));
    }

    void forget(HostClass hostClass) {
        profiles.values().forEach(profile -> profile.forget(hostClass));
    }

    void forgetClasses() {
        profiles.values().forEach(VmProfile::forgetClasses);
    }
}
