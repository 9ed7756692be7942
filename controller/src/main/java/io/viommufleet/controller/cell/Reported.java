package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Origin;

/**
 * A record that an agent wrote, as it stands under its key.
 *
 * @param value the whole value
 * @param by which life of the agent, in which life of the host
 */
record Reported<T>(T value, Origin.Agent by) {}
