package io.viommufleet.controller.cell;

/**
 * A record that the controller wrote, as it stands under its key.
 *
 * @param value the whole value
 * @param generation of the value under its key, from 1
 * @param epoch of the leader that wrote it
 */
record Owned<T>(T value, long generation, long epoch) {}
