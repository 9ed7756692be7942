package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.HostState;
import java.util.List;
import java.util.Optional;

/** Whether what was commanded once has been given back. */
final class Releases {
    private Releases() {}

    /** The detach is confirmed and the reset succeeded, or the boot that held the device is over. */
    static boolean isFree(Owned<Attachment> command, Draft draft) {
        return isFenced(command.value(), draft) || standing(command, draft) instanceof Standing.Free;
    }

    /** Free, or in quarantine: nobody's, and nothing more to be waited for. */
    static boolean isOver(Owned<Attachment> command, Draft draft) {
        return isFree(command, draft) || isQuarantined(command, draft);
    }

    /** The detach or the reset failed. */
    static boolean isQuarantined(Owned<Attachment> command, Draft draft) {
        return standing(command, draft) instanceof Standing.Quarantined;
    }

    private static boolean isFenced(Attachment attachment, Draft draft) {
        return draft.hostState(attachment.id().host())
                .map(HostState::fencedBoots)
                .orElse(List.of())
                .contains(attachment.boot());
    }

    private static Standing standing(Owned<Attachment> command, Draft draft) {
        return Standing.of(
                command,
                Optional.ofNullable(draft.state().outcomes().get(command.value().id())));
    }
}
