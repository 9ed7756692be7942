package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOMEM;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.pageOf;

import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.PinnedPage;
import io.viommufleet.agent.iommufd.system.AddressSpace;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.util.List;

/** The operations of the test module that play an in-kernel user of an IOAS. After its creation an access is named by its descriptor. */
public final class AccessTests {
    private static final int NEEDS_PIN_PAGES = 1;
    private static final int WRITE = 1;
    private static final int SLOW_PATH = 4;
    private static final long MAX_BYTES = 16L << 20;

    private AccessTests() {}

    private static void checkFlags(int flags, int known) throws KernelFailure {
        if ((flags & ~known) != 0) {
            throw EOPNOTSUPP.failure();
        }
    }

    /**
     * CREATE_ACCESS (5).
     *
     * @param ioasId where it works
     * @param flags 1 if it pins pages
     */
    public record Create(int ioasId, int flags) implements Ioctl<Create.Created> {
        /**
         * The new access.
         *
         * @param fd its descriptor
         */
        public record Created(int fd) {}

        @Override
        public String name() {
            return "TEST_CREATE_ACCESS";
        }

        @Override
        public Created execute(Iommufd context) throws KernelFailure {
            checkFlags(flags, NEEDS_PIN_PAGES);
            AccessFile file = AccessFile.create(context, ioasId, (flags & NEEDS_PIN_PAGES) != 0);
            return new Created(context.currentProcess().files().install(file));
        }
    }

    /**
     * ACCESS_PAGES (7): pins pages; EINVAL when they are not those of the caller's memory.
     *
     * @param fd of the access
     * @param flags 1 to write
     * @param iova first IOVA
     * @param lengthBytes how much
     * @param address of the memory, 0 to leave out the comparison
     */
    public record PinPages(int fd, int flags, long iova, long lengthBytes, long address)
            implements Ioctl<PinPages.Pinned> {
        /**
         * What is pinned.
         *
         * @param item number to unpin it by
         */
        public record Pinned(int item) {}

        @Override
        public String name() {
            return "TEST_ACCESS_PAGES";
        }

        @Override
        public Pinned execute(Iommufd context) throws KernelFailure {
            checkFlags(flags, WRITE);
            if (Long.compareUnsigned(lengthBytes, MAX_BYTES) > 0) {
                throw ENOMEM.failure();
            }
            AccessFile file = AccessFile.of(context, fd);
            if (!file.access().pins()) {
                throw EOPNOTSUPP.failure();
            }
            List<PinnedPage> pages = file.pin(iova, lengthBytes, (flags & WRITE) != 0);
            if (address != 0 && !same(pages, context.currentProcess().memory())) {
                file.access().unpin(iova, lengthBytes, false);
                throw EINVAL.failure();
            }
            return new Pinned(file.remember(iova, lengthBytes));
        }

        private boolean same(List<PinnedPage> pages, AddressSpace memory) {
            long first = address - (iova - pageOf(iova));
            for (int page = 0; page < pages.size(); page++) {
                if (!pages.get(page).isAt(memory, first + (long) page * PAGE_SIZE)) {
                    return false;
                }
            }
            return true;
        }
    }

    /**
     * DESTROY_ACCESS_PAGES (6): unpins; ENOENT when nothing has that number any more.
     *
     * @param fd of the access
     * @param item what to unpin
     */
    public record UnpinPages(int fd, int item) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_DESTROY_ACCESS_PAGES";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            AccessFile.of(context, fd).unpin(item);
            return Done.DONE;
        }
    }

    /**
     * ACCESS_RW (8): reads or writes by IOVA.
     *
     * @param fd of the access
     * @param flags 1 to write, 4 for the slow path
     * @param iova first IOVA
     * @param lengthBytes how much
     * @param data the caller's memory
     */
    public record ReadWrite(int fd, int flags, long iova, long lengthBytes, UserBuffer data)
            implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_ACCESS_RW";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            if (Long.compareUnsigned(lengthBytes, MAX_BYTES) > 0) {
                throw ENOMEM.failure();
            }
            AccessFile file = AccessFile.of(context, fd);
            checkFlags(flags, WRITE | SLOW_PATH);
            boolean write = (flags & WRITE) != 0;
            byte[] bytes = new byte[(int) lengthBytes];
            if (write) {
                data.read(0, bytes);
            }
            file.access().readWrite(iova, bytes, write);
            if (!write) {
                data.write(0, bytes);
            }
            return Done.DONE;
        }
    }

    /**
     * ACCESS_REPLACE_IOAS (11): moves an access.
     *
     * @param fd of the access
     * @param ioasId where it goes
     */
    public record Replace(int fd, int ioasId) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_ACCESS_REPLACE_IOAS";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            AccessFile.of(context, fd).access().replace(ioasId);
            return Done.DONE;
        }
    }
}
