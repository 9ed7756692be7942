package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * IOAS_CHANGE_PROCESS: charges everything that is pinned to the calling process from now on. Only memory of files can move.
 *
 * @param reserved must be 0
 */
public record ChangeProcess(int reserved) implements Ioctl<Ioctl.Done> {
    @Override
    public String name() {
        return "IOAS_CHANGE_PROCESS";
    }

    @Override
    public Done execute(Iommufd context) throws KernelFailure {
        if (reserved != 0) {
            throw EOPNOTSUPP.failure();
        }
        Set<Pages> all = new LinkedHashSet<>();
        for (IommufdObject object : context.objects().objects()) {
            if (object instanceof Ioas ioas) {
                ioas.space().forEachArea(area -> all.add(area.pages()));
            }
        }
        if (!all.stream().allMatch(Pages::isFile)) {
            throw EINVAL.failure();
        }
        move(all, context);
        return Done.DONE;
    }

    private static void move(Set<Pages> all, Iommufd context) throws KernelFailure {
        PinAccount account = context.accountOf(context.currentProcess());
        List<Pages> charged = new ArrayList<>();
        try {
            for (Pages pages : all) {
                if (pages.account().process() != account.process()) {
                    account.charge(pages.pinnedPages());
                    charged.add(pages);
                }
            }
        } catch (KernelFailure failure) {
            charged.forEach(pages -> account.refund(pages.pinnedPages()));
            throw failure;
        }
        for (Pages pages : charged) {
            pages.account().refund(pages.pinnedPages());
            pages.setAccount(account);
        }
    }
}
