package io.viommufleet.controller.cell;

import io.viommufleet.common.model.FleetRecord;

/**
 * One record that is missing from the log.
 *
 * @param value the whole value
 * @param generation that it will have under its key; 0 for values that count none
 */
public record Write(FleetRecord value, long generation) {}
