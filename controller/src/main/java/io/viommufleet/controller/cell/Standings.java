package io.viommufleet.controller.cell;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Placement;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Where the devices of one leg of a VM stand. */
final class Standings {
    private final Draft draft;

    Standings(Draft draft) {
        this.draft = draft;
    }

    /** By guest device, in guest-topology order. */
    Map<String, Standing> of(Placement placement, Placement.Leg leg) {
        Map<String, Standing> standings = new LinkedHashMap<>();
        for (String device : placement.deviceOrder()) {
            AttachmentId id = new AttachmentId(leg.host(), placement.key(), device);
            standings.put(
                    device,
                    draft.attachment(id)
                            .filter(command -> isOfAdmittedBoot(command.value()))
                            .map(command -> Standing.of(
                                    command,
                                    Optional.ofNullable(draft.state().outcomes().get(id))))
                            .orElseGet(Standing.Waiting::new));
        }
        return standings;
    }

    /** What an earlier boot of the host said is over; it is asked anew. */
    private boolean isOfAdmittedBoot(Attachment command) {
        return draft.hostState(command.id().host())
                .flatMap(HostState::admitted)
                .filter(life -> !life.boot().equals(command.boot()))
                .isEmpty();
    }

    /** The first device whose attach failed. */
    static Optional<Map.Entry<String, AttachFailure>> firstFailure(Map<String, Standing> standings) {
        return standings.entrySet().stream()
                .filter(entry -> entry.getValue() instanceof Standing.Failed)
                .findFirst()
                .map(entry -> Map.entry(entry.getKey(), ((Standing.Failed) entry.getValue()).failure()));
    }

    /** The values of a placement, with those that its attaches have resolved since. */
    static Map<String, String> resolved(Placement placement, Map<String, Standing> standings) {
        Map<String, String> resolved = new HashMap<>(placement.resolvedValues());
        standings.values().forEach(standing -> {
            if (standing instanceof Standing.Attached attached) {
                attached.resolvedValues().forEach(resolved::putIfAbsent);
            }
        });
        return resolved;
    }
}
