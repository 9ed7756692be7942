package io.viommufleet.common.feasibility;

/**
 * Something in the way of a migration.
 *
 * @param kind how it shows
 * @param subject path or device that it is about
 * @param reason in words
 */
public record MigrationObstacle(Kind kind, String subject, String reason) {
    /** How an obstacle shows, the earliest first. */
    public enum Kind {
        /** The VMM does not even start, for it was told to make the device migratable (enable-migration=on). */
        START,
        /** The source VMM refuses to migrate. */
        BLOCKER,
        /** The two sides are different machines to the guest. */
        DIFFERENCE,
        /** The incoming VMM fails to start on the target, before the guest's state is sent. */
        TARGET,
        /** Nothing is in the way, but every page counts as dirty: the migration may never converge. */
        WARNING
    }

    /** Whether it keeps the VM from migrating. */
    public boolean prevents() {
        return kind != Kind.WARNING;
    }
}
