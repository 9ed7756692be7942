package io.viommufleet.deploy.agent;

import io.viommufleet.agent.vmm.AttachResult;
import io.viommufleet.agent.vmm.DetachResult;
import io.viommufleet.agent.vmm.HostRuntime;
import io.viommufleet.agent.vmm.HostSnapshot;
import io.viommufleet.agent.vmm.HostSnapshot.AttachedDevice;
import io.viommufleet.agent.vmm.VmAttachRequest;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;

/** A host that attaches whatever it is asked to and keeps a list, so that a test sees what the agent did to it. */
final class ListingHost implements HostRuntime {
    private final List<AttachedDevice> attached = new CopyOnWriteArrayList<>();
    private final List<String> calls = new CopyOnWriteArrayList<>();

    @Override
    public AttachResult attach(VmAttachRequest request) {
        calls.add("attach " + request.vm() + "/" + request.device());
        attached.add(new AttachedDevice(
                request.vm(), request.device(), request.bdf(), OptionalInt.empty(), OptionalInt.empty(), false));
        return new AttachResult.Attached(OptionalInt.empty(), OptionalInt.empty(), List.of(), Map.of());
    }

    @Override
    public DetachResult detach(String vm, String device) {
        calls.add("detach " + vm + "/" + device);
        attached.removeIf(held -> held.vm().equals(vm) && held.device().equals(device));
        return new DetachResult.Detached();
    }

    @Override
    public HostSnapshot snapshot() {
        return new HostSnapshot(attached, Map.of(), List.of());
    }

    List<String> calls() {
        return List.copyOf(calls);
    }
}
