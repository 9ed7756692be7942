package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * DESTROY: removes an object that nothing else holds; ENOENT when absent, EBUSY when held.
 *
 * @param id of the object
 */
public record Destroy(int id) implements Ioctl<Ioctl.Done> {
    @Override
    public String name() {
        return "DESTROY";
    }

    @Override
    public Done execute(Iommufd context) throws KernelFailure {
        context.objects().destroy(id);
        return Done.DONE;
    }
}
