package io.viommufleet.common.model;

import java.util.Optional;

/**
 * What the source made of a live migration.
 *
 * @param passes how often dirty pages were collected
 * @param dirtyBytes how much was dirty in the last pass
 * @param failure why the source cannot go on; it runs as before then
 */
public record MigrationReport(int passes, long dirtyBytes, Optional<AttachFailure> failure) {}
