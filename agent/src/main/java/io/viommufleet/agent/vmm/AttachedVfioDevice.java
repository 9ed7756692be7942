package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.Bdf;

/**
 * A device that a VMM holds.
 *
 * @param bdf the host device
 * @param nestingParent whether its HWPT is a nesting parent
 * @param result what the attach said
 * @param undo what takes the attach back
 */
record AttachedVfioDevice(Bdf bdf, boolean nestingParent, AttachResult.Attached result, UndoStack undo) {}
