/**
 * The controller's shell: leadership by Kafka's group assignment, one duty-cycle loop per cell that is led or
 * followed, transactions, metrics.
 *
 * <p>Nothing is decided here. Threads: one for the group, one per cell, those of the HTTP server.
 */
@NullMarked
package io.viommufleet.controller.app;

import org.jspecify.annotations.NullMarked;
