package io.viommufleet.agent.iommufd.system;

/** What a file descriptor stands for. */
public interface OpenFile {
    /** The last descriptor was closed. */
    void release();
}
