package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.OpenFile;

/** A dma-buf whose exporter iommufd supports; the exporter can revoke access to it and give it back. */
public final class Dmabuf implements OpenFile {
    private final MemoryObject memory;
    private boolean revoked;

    /** A buffer of {@code sizeBytes}. */
    public Dmabuf(long sizeBytes) {
        memory = MemoryObject.ofPages(sizeBytes);
    }

    /** Size in bytes. */
    public long sizeBytes() {
        return memory.sizeBytes();
    }

    /** Whether access is revoked. */
    public boolean isRevoked() {
        return revoked;
    }

    /** Revokes access or gives it back. Mappings made meanwhile come back with it. */
    public void setRevoked(boolean nowRevoked) {
        revoked = nowRevoked;
    }

    MemoryObject memory() {
        return memory;
    }

    @Override
    public void release() {
        // areas keep the memory
    }
}
