package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * IOAS_ALLOC: makes an empty address space.
 *
 * @param flags must be 0
 */
public record IoasAlloc(int flags) implements Ioctl<IoasAlloc.Allocated> {
    /**
     * The new IOAS.
     *
     * @param ioasId its id
     */
    public record Allocated(int ioasId) {}

    /** The only form that there is. */
    public IoasAlloc() {
        this(0);
    }

    @Override
    public String name() {
        return "IOAS_ALLOC";
    }

    @Override
    public Allocated execute(Iommufd context) throws KernelFailure {
        if (flags != 0) {
            throw EOPNOTSUPP.failure();
        }
        Ioas ioas = new Ioas(context, context.objects().reserve());
        context.objects().install(ioas);
        return new Allocated(ioas.id());
    }
}
