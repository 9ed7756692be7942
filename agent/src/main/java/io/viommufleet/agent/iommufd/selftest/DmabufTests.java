package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.system.Errno.EBADF;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.Dmabuf;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.PageMath;

/** The operations of the test module that export dma-bufs. */
public final class DmabufTests {
    private static final long MAX_BYTES = 512L * PageMath.PAGE_SIZE;

    private DmabufTests() {}

    /**
     * DMABUF_GET (22): EINVAL for an empty buffer or one above 2 MiB.
     *
     * @param lengthBytes of the buffer
     */
    public record Export(long lengthBytes) implements Ioctl<Export.Exported> {
        /**
         * The new buffer.
         *
         * @param fd its descriptor, which the ioctl returns
         */
        public record Exported(int fd) {}

        @Override
        public String name() {
            return "TEST_DMABUF_GET";
        }

        @Override
        public Exported execute(Iommufd context) throws KernelFailure {
            if (lengthBytes == 0 || Long.compareUnsigned(lengthBytes, MAX_BYTES) > 0) {
                throw EINVAL.failure();
            }
            Dmabuf buffer = new Dmabuf(lengthBytes);
            return new Exported(context.currentProcess().files().install(buffer));
        }
    }

    /**
     * DMABUF_REVOKE (23): takes access to a buffer away, or gives it back.
     *
     * @param fd of the buffer
     * @param revoked whether it is taken away
     */
    public record Revoke(int fd, boolean revoked) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_DMABUF_REVOKE";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            switch (context.currentProcess().files().get(fd)) {
                case null -> throw EBADF.failure();
                case Dmabuf buffer -> buffer.setRevoked(revoked);
                default -> throw EINVAL.failure();
            }
            return Done.DONE;
        }
    }
}
