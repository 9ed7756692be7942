/**
 * The records that travel between users, controller and agents: requests, inventories, placements, attachments, outcomes.
 *
 * <p>Plain immutable data. How each is written as JSON or YAML is the business of {@code common.wire}; what each topic holds
 * and who may write it is in {@link io.viommufleet.common.model.FleetTopic}.
 */
@NullMarked
package io.viommufleet.common.model;

import org.jspecify.annotations.NullMarked;
