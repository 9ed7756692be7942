package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static io.viommufleet.agent.iommufd.system.Errno.EPERM;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * OPTION: reads or sets how pinned pages are counted (of the context), or whether huge pages are used (of an IOAS).
 *
 * @param optionId {@link #RLIMIT_MODE} or {@link #HUGE_PAGES}
 * @param op {@link #SET} or {@link #GET}
 * @param objectId IOAS for HUGE_PAGES, else 0
 * @param value to set
 * @param reserved must be 0
 */
public record SetOption(int optionId, int op, int objectId, long value, int reserved)
        implements Ioctl<SetOption.Value> {
    /** IOMMU_OPTION_RLIMIT_MODE: 0 counts per user, 1 per address space. */
    public static final int RLIMIT_MODE = 0;

    /** IOMMU_OPTION_HUGE_PAGES: 0 makes every mapping of small pages. */
    public static final int HUGE_PAGES = 1;

    /** Set the option. */
    public static final int SET = 0;

    /** Get the option. */
    public static final int GET = 1;

    /**
     * The option's value.
     *
     * @param value read, or as given
     */
    public record Value(long value) {}

    @Override
    public String name() {
        return "OPTION";
    }

    @Override
    public Value execute(Iommufd context) throws KernelFailure {
        if (reserved != 0) {
            throw EOPNOTSUPP.failure();
        }
        return new Value(
                switch (optionId) {
                    case RLIMIT_MODE -> rlimitMode(context);
                    case HUGE_PAGES -> hugePages(context.get(objectId, Ioas.class));
                    default -> throw EOPNOTSUPP.failure();
                });
    }

    private long rlimitMode(Iommufd context) throws KernelFailure {
        if (objectId != 0) {
            throw EOPNOTSUPP.failure();
        }
        return switch (op) {
            case GET -> context.accountByMemory() ? 1 : 0;
            case SET -> setRlimitMode(context);
            default -> throw EOPNOTSUPP.failure();
        };
    }

    private long setRlimitMode(Iommufd context) throws KernelFailure {
        if (!context.currentProcess().credentials().exceedResources()) {
            throw EPERM.failure();
        }
        if (!context.objects().isEmpty()) {
            throw EBUSY.failure();
        }
        if (value != 0 && value != 1) {
            throw EINVAL.failure();
        }
        context.setAccountByMemory(value == 1);
        return value;
    }

    private long hugePages(Ioas ioas) throws KernelFailure {
        return switch (op) {
            case GET -> ioas.hugePages() ? 1 : 0;
            case SET -> setHugePages(ioas);
            default -> throw EOPNOTSUPP.failure();
        };
    }

    private long setHugePages(Ioas ioas) throws KernelFailure {
        if (value == 0) {
            ioas.disableHugePages();
        } else if (value == 1) {
            ioas.enableHugePages();
        } else {
            throw EINVAL.failure();
        }
        return value;
    }
}
