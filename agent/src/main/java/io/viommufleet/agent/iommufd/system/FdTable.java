package io.viommufleet.agent.iommufd.system;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The descriptors of a process: the lowest free number is given out first. */
public final class FdTable {
    private final List<@Nullable OpenFile> files = new ArrayList<>();
    private final int firstFree;

    /** A table whose numbers below {@code firstFree} are taken by files that do not matter here, such as the standard streams. */
    public FdTable(int firstFree) {
        this.firstFree = firstFree;
        files.addAll(Collections.nCopies(firstFree, null));
    }

    /** Gives {@code file} the lowest free number. */
    public int install(OpenFile file) {
        int fd = firstFree;
        while (fd < files.size() && files.get(fd) != null) {
            fd++;
        }
        if (fd == files.size()) {
            files.add(file);
        } else {
            files.set(fd, file);
        }
        return fd;
    }

    /** Gives {@code file} a number below the first free one. */
    public void installAt(int fd, OpenFile file) {
        files.set(fd, file);
    }

    /** The file behind a number, or null. */
    public @Nullable OpenFile get(int fd) {
        return fd < 0 || fd >= files.size() ? null : files.get(fd);
    }

    /** Closes a number; false when it was not open. */
    public boolean close(int fd) {
        OpenFile file = get(fd);
        if (file == null) {
            return false;
        }
        files.set(fd, null);
        file.release();
        return true;
    }
}
