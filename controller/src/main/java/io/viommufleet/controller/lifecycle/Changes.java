package io.viommufleet.controller.lifecycle;

import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.List;
import java.util.Optional;

/** What of a VM can change while its guest runs. */
public final class Changes {
    private Changes() {}

    /**
     * Why a running VM cannot become what is asked for; empty where only its surroundings change: labels, placement, what
     * happens when its host is lost.
     */
    public static Optional<String> refusal(VmSpec running, VmSpec asked) {
        Optional<String> configuration = configuration(running.configuration(), asked.configuration());
        if (configuration.isPresent()) {
            return configuration;
        }
        if (running.memoryBytes() != asked.memoryBytes()) {
            return Optional.of("memory of a running VM cannot change: all of it is mapped and pinned for its devices");
        }
        if (!running.matches().equals(asked.matches())) {
            return Optional.of("the host devices of a running VM cannot change: migrate it, or delete it first");
        }
        if (running.strict() != asked.strict()) {
            return Optional.of("strict counts at the attach, which is over: delete the VM first");
        }
        if (!running.rulesVersion().equals(asked.rulesVersion())) {
            return Optional.of("the rules version is pinned for the life of a VM: delete it first");
        }
        if (!running.guest().equals(asked.guest())) {
            return Optional.of("the guest's script runs once, after the attach: delete the VM first");
        }
        return Optional.empty();
    }

    private static Optional<String> configuration(ConfigurationSpec running, ConfigurationSpec asked) {
        if (running.equals(asked)) {
            return Optional.empty();
        }
        if (!running.machine().equals(asked.machine())) {
            return Optional.of("the machine type of a running VM cannot change");
        }
        if (!running.viommus().equals(asked.viommus())) {
            return Optional.of("QEMU's vIOMMUs cannot be plugged, unplugged or changed while the machine runs");
        }
        if (!ids(running).equals(ids(asked))) {
            return Optional.of("devices cannot be added to or removed from a running VM: delete it first");
        }
        return Optional.of("the guest topology of a running VM cannot change");
    }

    private static List<String> ids(ConfigurationSpec configuration) {
        return configuration.devices().stream().map(GuestDevice::id).toList();
    }
}
