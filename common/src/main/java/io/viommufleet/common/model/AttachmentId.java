package io.viommufleet.common.model;

/** Names one attachment: the guest device {@code device} of {@code vm} on {@code host}. Printed {@code host/vm/device}. */
public record AttachmentId(String host, String vm, String device) implements Comparable<AttachmentId> {
    public AttachmentId {
        Names.requireHost(host);
        Names.requireName("VM name", vm);
        Names.requireName("device id", device);
    }

    /** Reads {@code host/vm/device}. */
    public static AttachmentId parse(String key) {
        String[] parts = key.split("/", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("'%s' names no attachment; the form is host/vm/device".formatted(key));
        }
        return new AttachmentId(parts[0], parts[1], parts[2]);
    }

    @Override
    public int compareTo(AttachmentId other) {
        return toString().compareTo(other.toString());
    }

    @Override
    public String toString() {
        return host + "/" + vm + "/" + device;
    }
}
