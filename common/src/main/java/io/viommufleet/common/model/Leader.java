package io.viommufleet.common.model;

/**
 * Who leads a cell.
 *
 * @param cell the cell, also the key
 * @param epoch of this leadership, one more than the last
 * @param instance the controller's stable name
 * @param featureLevel finalised by an operator; gates new fields and rules versions
 * @param attachmentPartitionsPerCell K: how many partitions of {@code fleet.attachments} the cell has, fixed at creation
 */
public record Leader(int cell, long epoch, String instance, int featureLevel, int attachmentPartitionsPerCell)
        implements FleetRecord {
    @Override
    public FleetTopic topic() {
        return FleetTopic.LEADERS;
    }

    @Override
    public String key() {
        return Integer.toString(cell);
    }
}
