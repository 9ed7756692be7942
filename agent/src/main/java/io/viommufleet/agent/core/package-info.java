/**
 * The agent as a deterministic state machine: what was read from the log, the host and the clock goes in as events, and what
 * to write, run and remember comes out as a {@link io.viommufleet.agent.core.Step}. No I/O, no clock and no randomness here.
 *
 * <p>An attachment moves between these states; each arrow is a method of the state that it leaves
 * ({@link io.viommufleet.agent.core.AttachmentState}), and a test compares this table with the methods:
 *
 * <pre>
 * Attached    --detach-->    Detaching
 * Attached    --lose-->      Failed
 * Attached    --move-->      Moving
 * Attached    --reissue-->   Attached
 * Attaching   --fail-->      Failed
 * Attaching   --lose-->      Attaching
 * Attaching   --succeed-->   Attached
 * Detached    --attach-->    Attaching
 * Detached    --confirm-->   Detached
 * Detached    --refuse-->    Failed
 * Detaching   --fail-->      Quarantined
 * Detaching   --release-->   Detached
 * Detaching   --succeed-->   Detached
 * Failed      --attach-->    Attaching
 * Failed      --confirm-->   Detached
 * Failed      --refuse-->    Failed
 * Moving      --fail-->      Failed
 * Moving      --lose-->      Moving
 * Moving      --succeed-->   Attached
 * Quarantined --detach-->    Detaching
 * Quarantined --reissue-->   Quarantined
 * </pre>
 *
 * <p>{@code Attached --reissue--> Attached} is how a restarted agent adopts what it finds attached: the leader asks again, for
 * the new incarnation, and nothing is touched. {@code Detaching --release--> Detached} makes way for another arrangement of
 * the same guest device and answers nothing yet.
 *
 * <p>{@code Attaching --lose--> Attaching} keeps in mind that the host has lost the device while its attach runs: whatever the
 * attach then ends with, the answer is that failure, and nothing is left to undo.
 *
 * <p>{@code Attached --move--> Moving} is a live migration. On the source ({@code SOURCE}) what devices write is tracked, and the
 * answer tells how that went; the guest runs on, so that {@code ACTIVE} again is a mere reissue. On the target ({@code TARGET})
 * a device is attached as any other while the guest runs elsewhere; with {@code ACTIVE} it is adopted as it is, and the last one
 * lets the guest run.
 *
 * <p>Only a VM that evacuates has a lease; being cut off from Kafka does nothing to any other, until one with a lease is on the
 * same host. The lease counts from the send of the last acknowledged heartbeat. When it is over, or when the leader has fenced
 * this boot, the step says {@link io.viommufleet.agent.core.HostReset}, and nothing follows any more.
 */
@NullMarked
package io.viommufleet.agent.core;

import org.jspecify.annotations.NullMarked;
