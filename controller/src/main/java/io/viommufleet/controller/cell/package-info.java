/**
 * One cell of the fleet as a deterministic state machine.
 *
 * <p>{@link io.viommufleet.controller.cell.CellState} is the fold of the cell's records and changes only by
 * {@code replay}, live and at recovery alike. {@link io.viommufleet.controller.cell.Cell#plan} compares it with what should
 * be and says which records are missing; it changes nothing. Planning again once they are replayed gives nothing.
 *
 * <pre>
 *            request           hosts exist          all outcomes ATTACHED
 *   (none) ──────────► PENDING ───────────► PLACING ─────────────────────► RUNNING
 *      │ refused          ▲                   │ ▲  new boot of the host       │
 *      ├────────► REFUSED │ new request       │ └─────────────────────────────┘
 *      │ doomed           │ (also from        │ one outcome FAILED
 *      └────────► INFEASIBLE REFUSED, …)      └──────────────► FAILED
 *
 *   any ── request.deleted ──► DELETING: detached, confirmed, claims free
 * </pre>
 *
 * <p>No clock, thread, I/O or randomness: time comes in as an argument.
 */
@NullMarked
package io.viommufleet.controller.cell;

import org.jspecify.annotations.NullMarked;
