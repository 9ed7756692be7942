package io.viommufleet.common.model;

/**
 * One record as it lies on the log.
 *
 * @param cell the cell whose partition it is in
 * @param generation of the value under its key, from 1; 0 where the writer counts none
 * @param origin who wrote it
 * @param value the whole value
 */
public record Envelope(int cell, long generation, Origin origin, FleetRecord value) {}
