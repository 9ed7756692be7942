package io.viommufleet.agent.trace;

import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.uapi.Struct;
import io.viommufleet.agent.uapi.VfioDeviceIoctls;
import io.viommufleet.agent.vfio.AttachPt;
import io.viommufleet.agent.vfio.BindIommufd;
import io.viommufleet.agent.vfio.DetachPt;
import io.viommufleet.agent.vfio.DeviceInfo;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Ioctls on a device's file as lines of a trace. */
final class DeviceLine {
    private static final List<String> INFO = List.of("argsz", "flags", "num_regions", "num_irqs", "cap_offset");

    private DeviceLine() {}

    /** The line of a call; empty for one that has no form in a trace. */
    static Optional<CallLine> of(Object arguments, Result<?> result) {
        Struct before = before(arguments);
        if (before == null) {
            return Optional.empty();
        }
        Struct after = before(arguments);
        if (after != null && result.isOk()) {
            complete(after, result.value());
        }
        List<String> always = arguments instanceof Integer ? INFO : List.of();
        return Optional.of(new CallLine(before, after == null ? before : after, Map.of(), Map.of(), always));
    }

    private static @Nullable Struct before(Object arguments) {
        return switch (arguments) {
            case BindIommufd bind ->
                Struct.empty(VfioDeviceIoctls.BIND)
                        .set("argsz", bind.argsz())
                        .set("flags", bind.flags())
                        .set("iommufd", bind.iommufd());
            case AttachPt attach ->
                Struct.empty(VfioDeviceIoctls.ATTACH)
                        .set("argsz", attach.argsz())
                        .set("flags", attach.flags())
                        .set("pt_id", attach.ptId())
                        .set("pasid", attach.pasid());
            case DetachPt detach ->
                Struct.empty(VfioDeviceIoctls.DETACH)
                        .set("argsz", detach.argsz())
                        .set("flags", detach.flags())
                        .set("pasid", detach.pasid());
            case Integer argsz -> Struct.empty(VfioDeviceIoctls.GET_INFO).set("argsz", argsz);
            default -> null;
        };
    }

    private static void complete(Struct struct, Object output) {
        switch (output) {
            case BindIommufd.Bound bound -> struct.set("out_devid", bound.devId());
            case AttachPt.Attached attached -> struct.set("pt_id", attached.ptId());
            case DeviceInfo info ->
                struct.set("flags", info.flags())
                        .set("num_regions", info.regions())
                        .set("num_irqs", info.interrupts());
            default -> {}
        }
    }
}
