package io.viommufleet.common.model;

import java.util.List;

/**
 * A piece of the trace of what an agent did for an attachment: the ioctls of the VM's VMM, from its first call on, in the form of the recordings of real
 * kernels.
 *
 * @param id of the attachment whose operation the trace ends with
 * @param attachmentGeneration generation of the command that was carried out
 * @param piece number of this piece, from 1
 * @param pieces how many there are
 * @param missed calls that were too many to be kept
 * @param lines JSON lines; those of all pieces in order make the trace
 */
public record TracePiece(
        AttachmentId id, long attachmentGeneration, int piece, int pieces, long missed, List<String> lines)
        implements FleetRecord {
    /** Most characters of lines in one piece, so that the record stays below 256 KiB. */
    public static final int MOST_CHARACTERS = 160 * 1024;

    /** Keeps a copy of the lines. */
    public TracePiece {
        lines = List.copyOf(lines);
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.TRACES;
    }

    @Override
    public String key() {
        return id.toString();
    }
}
