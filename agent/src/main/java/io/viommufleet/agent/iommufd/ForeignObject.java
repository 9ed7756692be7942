package io.viommufleet.agent.iommufd;

/** An object that a test module adds to the table. */
public abstract non-sealed class ForeignObject extends IommufdObject {
    /** An object with an id that was reserved for it. */
    protected ForeignObject(Iommufd context, int id) {
        super(context, id);
    }

    @Override
    public final ObjectKind kind() {
        return ObjectKind.SELFTEST;
    }

    @Override
    final void destroy() {
        released();
    }

    /** The object was destroyed. */
    protected abstract void released();
}
