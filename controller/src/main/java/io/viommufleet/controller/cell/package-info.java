/**
 * One cell of the fleet as a deterministic state machine.
 *
 * <p>{@link io.viommufleet.controller.cell.CellState} is the fold of the cell's records and changes only by
 * {@code replay}, live and at recovery alike; what it changes goes onto the {@link io.viommufleet.controller.cell.Agenda}.
 * {@link io.viommufleet.controller.cell.Cell#plan} looks at what is on the agenda, compares it with what should be and says
 * which records are missing. Planning again once they are replayed gives nothing, and neither does a new leader's plan.
 *
 * <pre>
 *            request           a host takes it      all outcomes ATTACHED
 *   (none) ──────────► PENDING ───────────► PLACING ─────────────────────► RUNNING
 *      │ refused        ▲  ▲                  │ │ ▲  new boot of the host     │ │
 *      ├────────► REFUSED  │ tried again:     │ │ └───────────────────────────┘ │ a device was lost
 *      │ doomed            │ one FAILED, or   │ │ FAILED for good               │
 *      └────────► INFEASIBLE host evacuated ──┘ └───────────► FAILED ◄──────────┘
 *
 *   any ── request.deleted ──► DELETING: detached, confirmed, claims free
 * </pre>
 *
 * <p>A placed VM may move besides: {@link io.viommufleet.controller.cell.MovementPlanner}. Operations say which
 * ({@link io.viommufleet.controller.cell.OperationPlanner}, {@link io.viommufleet.controller.cell.MovePlanner}); silent hosts
 * are given up by {@link io.viommufleet.controller.cell.HostPlanner}, unless the breaker is open.
 *
 * <p>No clock, thread, I/O or randomness: time comes in as an argument.
 */
@NullMarked
package io.viommufleet.controller.cell;

import org.jspecify.annotations.NullMarked;
