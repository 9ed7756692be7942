package io.viommufleet.common.model;

import java.util.Arrays;
import java.util.Optional;

/**
 * What the controllers of a cell may write. A level is finalised by an operator once every controller knows it; from then on
 * controllers that do not know it refuse to lead the cell, and until then going back to an older program works.
 *
 * <p>A level's number and meaning never change. A new field, record type or action that an older controller or agent would
 * not understand is written only at a level that brings it.
 */
public enum FeatureLevel {
    /** The first release: requests, placements, attachments, host states, decisions. */
    FIRST_RELEASE(1),
    /**
     * Operations and their progress, policies, how often an attach was tried, and the memory that a leg of a placement takes
     * from each NUMA node.
     */
    OPERATIONS(2);

    /** The highest level that this program knows. */
    public static final FeatureLevel MAX = OPERATIONS;

    private final int number;

    FeatureLevel(int number) {
        this.number = number;
    }

    /** As {@link Leader#featureLevel} carries it. */
    public int number() {
        return number;
    }

    /** The level of that number; empty where this program does not know it. */
    public static Optional<FeatureLevel> of(int number) {
        return Arrays.stream(values()).filter(level -> level.number == number).findFirst();
    }

    /** Whether a cell at this level may write what {@code level} brought. */
    public boolean includes(FeatureLevel level) {
        return number >= level.number;
    }
}
