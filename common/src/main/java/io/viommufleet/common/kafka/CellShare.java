package io.viommufleet.common.kafka;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * What one controller is given.
 *
 * @param led the cells that it leads
 * @param standby the cells whose log it follows, to take over quickly
 */
record CellShare(Set<Integer> led, Set<Integer> standby) {
    CellShare {
        led = Collections.unmodifiableSet(new TreeSet<>(led));
        standby = Collections.unmodifiableSet(new TreeSet<>(standby));
    }
}
