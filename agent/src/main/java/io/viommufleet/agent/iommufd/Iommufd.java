package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.OpenFile;
import io.viommufleet.agent.iommufd.system.UserProcess;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One open of {@code /dev/iommu}: an object table and the device groups that are bound to it. It lives until its last file reference is gone; bound devices,
 * queue files and access files each hold one, so that closing the descriptor alone destroys nothing.
 */
public final class Iommufd implements OpenFile {
    private final EmulatedKernel kernel;
    private final UserProcess opener;
    private final String name;
    private final ObjectTable objects = new ObjectTable();
    private final Map<IommuGroup, DeviceGroup> groups = new HashMap<>();
    private final MappableRegions regions = new MappableRegions();
    private UserProcess current;
    private boolean accountByMemory;
    private int files = 1;
    private @Nullable Ioas compatIoas;
    private PageSource.FromMemory memory;
    private PinAccount account;

    Iommufd(EmulatedKernel kernel, UserProcess opener, String name) {
        this.kernel = kernel;
        this.opener = opener;
        this.current = opener;
        this.name = name;
        this.memory = new PageSource.FromMemory(opener);
        this.account = PinAccount.of(this, opener);
    }

    /** Gives the context a descriptor in the process that opened it. */
    public int install() {
        return opener.files().install(this);
    }

    /** The name that observers see. */
    public String name() {
        return name;
    }

    /** The kernel that it belongs to. */
    public EmulatedKernel kernel() {
        return kernel;
    }

    /** Calls an ioctl as the process that opened the context. */
    public <R> Result<R> call(Ioctl<R> ioctl) {
        return kernel.run(name, ioctl.name(), ioctl, () -> ioctl.execute(this));
    }

    /** Calls an ioctl as another process that shares the context. */
    public <R> Result<R> callAs(UserProcess process, Ioctl<R> ioctl) {
        current = process;
        try {
            return call(ioctl);
        } finally {
            current = opener;
        }
    }

    /** The process in whose name a call runs. */
    public UserProcess currentProcess() {
        return current;
    }

    /** The object of an id, or null: what exists, without a call. */
    public @Nullable IommufdObject find(int id) {
        return objects.find(id);
    }

    /** The object of an id as {@code type}; ENOENT when absent or of another type. For in-kernel users. */
    public <T extends IommufdObject> T get(int id, Class<T> type) throws KernelFailure {
        return objects.get(id, type);
    }

    /** What the object table holds now. */
    public ObjectSnapshot snapshot() {
        List<ObjectSnapshot.Entry> entries = new ArrayList<>();
        List<ObjectSnapshot.Space> spaces = new ArrayList<>();
        for (IommufdObject object : objects.objects()) {
            entries.add(new ObjectSnapshot.Entry(object.id(), object.kind(), object.users()));
            if (object instanceof Ioas ioas) {
                spaces.add(ioas.snapshot());
            }
        }
        return new ObjectSnapshot(entries, objects.tombstones(), spaces);
    }

    /** Binds a device for an in-kernel user, as iommufd_device_bind: see {@link Device#bind}. */
    public Device bind(IommuDevice device, boolean holdsFile) throws KernelFailure {
        return Device.bind(this, device, holdsFile);
    }

    /** Adds an object that a test module makes: its id is reserved, then {@code maker} makes it. */
    public <T extends ForeignObject> T addForeign(ForeignMaker<T> maker) throws KernelFailure {
        int id = objects.reserve();
        try {
            T object = maker.make(id);
            objects.install(object);
            return object;
        } catch (KernelFailure failure) {
            objects.free(id);
            throw failure;
        }
    }

    /** Whether any file reference is left. */
    public boolean isAlive() {
        return files > 0;
    }

    /** One more file keeps the context alive. */
    public void holdFile() {
        files++;
    }

    /** A file is gone; with the last one every object is destroyed, as far as passes in ascending order of id get. */
    public void dropFile() {
        if (--files > 0) {
            return;
        }
        boolean progress = true;
        while (progress) {
            progress = false;
            for (IommufdObject found : objects.objects()) {
                IommufdObject object = objects.find(found.id());
                if (object != null && object.users() == 1) {
                    object.destroy();
                    objects.free(object.id());
                    progress = true;
                }
            }
        }
    }

    @Override
    public void release() {
        dropFile();
    }

    /** Maps a region that a driver published, as mmap on the context's descriptor. */
    public Result<MappedRegion> mmap(long offset, long lengthBytes, boolean shared, boolean executable) {
        return kernel.run(
                name,
                "mmap",
                new MappableRegions.Request(offset, lengthBytes, shared, executable),
                () -> regions.map(offset, lengthBytes, shared, executable));
    }

    ObjectTable objects() {
        return objects;
    }

    MappableRegions regions() {
        return regions;
    }

    DeviceGroup groupOf(IommuGroup group) {
        return groups.computeIfAbsent(group, DeviceGroup::new);
    }

    void forgetGroup(DeviceGroup group) {
        groups.remove(group.group());
    }

    /** The memory of a process as a source of pages; one object serves all areas of the process. */
    PageSource.FromMemory memoryOf(UserProcess process) {
        if (memory.process() != process) {
            memory = new PageSource.FromMemory(process);
        }
        return memory;
    }

    /** The account of pages that a process maps now; one object serves all of them. */
    PinAccount accountOf(UserProcess process) {
        if (account.process() != process) {
            account = PinAccount.of(this, process);
        }
        return account;
    }

    boolean accountByMemory() {
        return accountByMemory;
    }

    void setAccountByMemory(boolean byMemory) {
        accountByMemory = byMemory;
        account = PinAccount.of(this, opener);
    }

    @Nullable
    Ioas compatIoas() {
        return compatIoas;
    }

    void setCompatIoas(@Nullable Ioas ioas) {
        compatIoas = ioas;
    }

    /**
     * Makes a foreign object.
     *
     * @param <T> its type
     */
    @FunctionalInterface
    public interface ForeignMaker<T extends ForeignObject> {
        /** Makes the object that {@code id} will stand for. */
        T make(int id) throws KernelFailure;
    }
}
