package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.ENOMEM;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserProcess;

/**
 * To whom pinned pages are charged, fixed when memory is mapped.
 *
 * @param process whose limit counts
 * @param mode how
 */
record PinAccount(UserProcess process, Mode mode) {
    /** How pages are counted against RLIMIT_MEMLOCK. */
    enum Mode {
        /** Not at all: CAP_IPC_LOCK. */
        NONE,
        /** Per user, over all that user's contexts. */
        USER,
        /** Per address space. */
        MEMORY
    }

    /** The account of memory that {@code process} maps in {@code context}. */
    static PinAccount of(Iommufd context, UserProcess process) {
        if (process.credentials().lockAnyMemory()) {
            return new PinAccount(process, Mode.NONE);
        }
        return new PinAccount(process, context.accountByMemory() ? Mode.MEMORY : Mode.USER);
    }

    /** Charges pages; ENOMEM over the limit, with nothing charged. */
    void charge(long pages) throws KernelFailure {
        long limit = process.credentials().memlockLimitPages();
        switch (mode) {
            case NONE -> {}
            case USER -> {
                if (process.user().lockedPages() + pages > limit) {
                    throw ENOMEM.failure();
                }
                process.user().addLocked(pages);
            }
            case MEMORY -> {
                if (process.memory().lockedPages() + pages > limit) {
                    throw ENOMEM.failure();
                }
                process.memory().addLocked(pages);
            }
        }
        process.memory().addPinned(pages);
    }

    /** Takes back a charge. */
    void refund(long pages) {
        switch (mode) {
            case NONE -> {}
            case USER -> process.user().addLocked(-pages);
            case MEMORY -> process.memory().addLocked(-pages);
        }
        process.memory().addPinned(-pages);
    }
}
