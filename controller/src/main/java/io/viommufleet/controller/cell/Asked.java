package io.viommufleet.controller.cell;

import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.wire.RecordCodec;

/**
 * A request as it stands under its key, with what tells whether it was answered. The digest is made when the request is read, so
 * that a standby has it before it leads.
 *
 * @param vm what is asked for
 * @param digest SHA-256 of its canonical JSON, as {@link RecordCodec#digest} gives it
 */
record Asked(VirtualMachine vm, String digest) {
    static Asked of(VirtualMachine vm) {
        return new Asked(vm, RecordCodec.digest(vm));
    }
}
