package io.viommufleet.deploy.agent;

import io.viommufleet.agent.vmm.AttachResult;
import io.viommufleet.agent.vmm.DetachResult;
import io.viommufleet.agent.vmm.EmulatedHost;
import io.viommufleet.agent.vmm.HostRuntime;
import io.viommufleet.agent.vmm.HostSnapshot;
import io.viommufleet.agent.vmm.LostDevice;
import io.viommufleet.agent.vmm.VmAttachRequest;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.MigrationReport;
import io.viommufleet.common.model.TracePiece;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** Emulated hosts, the latest one at work, with a list of what the agent asked of them all. */
final class ListingHost implements HostRuntime {
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private Optional<EmulatedHost> host = Optional.empty();

    /** Boots the host that an inventory describes. */
    HostRuntime boot(HostInventory inventory) {
        host = Optional.of(new EmulatedHost(inventory));
        return this;
    }

    @Override
    public AttachResult attach(VmAttachRequest request) {
        calls.add("attach " + request.vm() + "/" + request.device());
        return host.orElseThrow().attach(request);
    }

    @Override
    public DetachResult detach(String vm, String device) {
        calls.add("detach " + vm + "/" + device);
        return host.orElseThrow().detach(vm, device);
    }

    @Override
    public List<GuestReport> runGuest(String vm, List<GuestStep> script) {
        return host.orElseThrow().runGuest(vm, script);
    }

    @Override
    public MigrationReport handOver(String vm) {
        return host.orElseThrow().handOver(vm);
    }

    @Override
    public List<LostDevice> follow(HostInventory latest) {
        return host.orElseThrow().follow(latest);
    }

    @Override
    public void disturb(List<HostFault> faults) {
        host.orElseThrow().disturb(faults);
    }

    @Override
    public long takeDelayNanos() {
        return host.orElseThrow().takeDelayNanos();
    }

    @Override
    public Set<Bdf> lostDevices() {
        return host.orElseThrow().lostDevices();
    }

    @Override
    public void beginTraces() {
        host.orElseThrow().beginTraces();
    }

    @Override
    public List<TracePiece> trace(AttachmentId id, long generation) {
        return host.orElseThrow().trace(id, generation);
    }

    @Override
    public HostSnapshot snapshot() {
        return host.orElseThrow().snapshot();
    }

    List<String> calls() {
        return List.copyOf(calls);
    }
}
