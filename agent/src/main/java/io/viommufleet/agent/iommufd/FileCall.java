package io.viommufleet.agent.iommufd;

/** Arguments of the system calls that open and close the files that ioctls are made on. */
public sealed interface FileCall {
    /** Opens the file at a path. */
    record Open(String path) implements FileCall {}

    /** Closes a descriptor. */
    record Close(int fd) implements FileCall {}
}
