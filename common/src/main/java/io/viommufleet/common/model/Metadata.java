package io.viommufleet.common.model;

import java.util.Map;

/**
 * Who a VM or a host is and which cell of the fleet it belongs to.
 *
 * @param name unique within its cell
 * @param cell the shard of the fleet; the partition of every topic that holds one partition per cell
 * @param labels free key-value pairs, used by placement only
 */
public record Metadata(String name, int cell, Map<String, String> labels) {
    public Metadata {
        if (cell < 0) {
            throw new IllegalArgumentException("cell of %s is %d; a cell is 0 or more".formatted(name, cell));
        }
        labels = Map.copyOf(labels);
    }
}
