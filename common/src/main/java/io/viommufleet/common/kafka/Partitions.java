package io.viommufleet.common.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.HostAdmission;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which partition a record belongs in: the cell's own, never the hash of its key. Only {@code fleet.attachments} has several
 * partitions per cell, over which the hosts of the cell are spread.
 *
 * @param cells how many cells the fleet has
 * @param attachmentsPerCell K: how many partitions of {@code fleet.attachments} each cell has; fixed when the topic is created
 */
public record Partitions(int cells, int attachmentsPerCell) {
    public Partitions {
        if (cells < 1 || attachmentsPerCell < 1) {
            throw new IllegalArgumentException("a fleet has at least one cell and one attachment partition per cell: "
                    + "cells=%d attachmentsPerCell=%d".formatted(cells, attachmentsPerCell));
        }
    }

    /** How many partitions the topic has. */
    public int count(FleetTopic topic) {
        return topic == FleetTopic.ATTACHMENTS ? cells * attachmentsPerCell : cells;
    }

    /** The partitions of a topic that belong to a cell. */
    public List<Integer> of(FleetTopic topic, int cell) {
        requireCell(cell);
        return topic == FleetTopic.ATTACHMENTS
                ? IntStream.range(cell * attachmentsPerCell, (cell + 1) * attachmentsPerCell)
                        .boxed()
                        .toList()
                : List.of(cell);
    }

    /** The partition of {@code fleet.attachments} that a host of a cell reads. */
    public int attachmentsOf(int cell, String host) {
        requireCell(cell);
        int hash = Murmur2.hash(host.getBytes(UTF_8)) & Integer.MAX_VALUE;
        return cell * attachmentsPerCell + hash % attachmentsPerCell;
    }

    /** The partition that a record belongs in. */
    public int of(Envelope envelope) {
        return switch (envelope.value()) {
            case Attachment attachment ->
                attachmentsOf(envelope.cell(), attachment.id().host());
            case HostAdmission admission -> attachmentsOf(envelope.cell(), admission.host());
            case FleetRecord other -> requireCell(envelope.cell());
        };
    }

    /** The cell that a partition of a topic belongs to. */
    public int cellOf(FleetTopic topic, int partition) {
        return topic == FleetTopic.ATTACHMENTS ? partition / attachmentsPerCell : partition;
    }

    private int requireCell(int cell) {
        if (cell < 0 || cell >= cells) {
            throw new FleetException(
                    FleetError.NOT_FOUND, "there is no cell %d: the fleet has %d, from 0".formatted(cell, cells));
        }
        return cell;
    }
}
