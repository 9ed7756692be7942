package io.viommufleet.agent.iommufd;

/** An entry of a context's object table: an id, and how many hold on to it besides the table. */
public abstract sealed class IommufdObject
        permits Ioas, Hwpt, Device, Access, FaultQueue, Viommu, Vdevice, EventQueue, HwQueue, ForeignObject {
    private final Iommufd context;
    private final int id;
    private int users = 1;

    IommufdObject(Iommufd context, int id) {
        this.context = context;
        this.id = id;
    }

    /** The context that it lives in. */
    public final Iommufd context() {
        return context;
    }

    /** Its id. */
    public final int id() {
        return id;
    }

    /** References, the table's own included: an object with more than one cannot be destroyed. */
    public final int users() {
        return users;
    }

    /** What it is. */
    public abstract ObjectKind kind();

    final void hold() {
        users++;
    }

    final void hold(int references) {
        users += references;
    }

    final void drop() {
        users--;
    }

    final void drop(int references) {
        users -= references;
    }

    /** Undoes what the object did to others; its id is freed by the caller. */
    abstract void destroy();
}
