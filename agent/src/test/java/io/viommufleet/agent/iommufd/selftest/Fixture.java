package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.MapFlags.FIXED_IOVA;
import static io.viommufleet.agent.iommufd.MapFlags.READABLE;
import static io.viommufleet.agent.iommufd.MapFlags.WRITEABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.FaultQueueAlloc;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.IoasIovaRanges;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.QueueFile;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.ViommuAlloc;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.Mapping;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.PageMath;
import io.viommufleet.agent.iommufd.system.RegularFile;
import io.viommufleet.agent.iommufd.system.UserAccount;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.iommufd.system.UserProcess;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;

/** A kernel that has just booted, a process with a buffer on it, one open context, and short names for what rows do. */
final class Fixture {
    /** Bytes of a page. */
    static final int P = PageMath.PAGE_SIZE;

    /** First IOVA that the mock IOMMU translates. */
    static final long BASE = 0x1000000;

    /** Where the buffer lies: 2 MiB aligned. */
    static final long BUFFER = 0x7f0000000000L;

    /** Bytes of the buffer. */
    static final long BUFFER_BYTES = 4L << 20;

    /** Readable and writable at an IOVA of the caller's choice. */
    static final int FIXED_RW = FIXED_IOVA | READABLE | WRITEABLE;

    /** Readable and writable wherever there is room. */
    static final int AUTO_RW = READABLE | WRITEABLE;

    /** IOMMU_HWPT_DATA_SELFTEST. */
    static final int SELFTEST = 0xdead;

    /** Word that fills the cache of nested HWPTs made here. */
    static final int CACHE_WORD = 0xbadbeef;

    /** IOMMU_VIOMMU_TYPE_SELFTEST. */
    static final int SELFTEST_VIOMMU = 0xdeadbeef;

    private static final int LAST_FD = 256;

    final EmulatedKernel kernel;
    final UserProcess process;
    final Iommufd context;
    final int contextFd;

    /** A kernel with a process of root. */
    Fixture(KernelBehaviour behaviour) {
        this(behaviour, Credentials.root());
    }

    /** A kernel with a process that may do less. */
    Fixture(KernelBehaviour behaviour, Credentials credentials) {
        kernel = new EmulatedKernel(behaviour, false);
        process = process(credentials);
        context = kernel.open(process);
        contextFd = context.install();
    }

    /** Another process, with a buffer of its own at the same address. */
    UserProcess process(Credentials credentials) {
        UserProcess made = new UserProcess(new UserAccount(), credentials);
        made.memory().map(new Mapping(BUFFER, BUFFER_BYTES, MemoryObject.ofPages(BUFFER_BYTES), 0, true));
        return made;
    }

    /** Makes a call that has to succeed. */
    <R> R ok(Ioctl<R> call) {
        return ok(context.call(call));
    }

    /** What a call gave that has to have succeeded. */
    static <R> R ok(Result<R> result) {
        assertThat(result.errno()).as("%s", result).isNull();
        return result.value();
    }

    /** Makes a call that has to fail; gives what it wrote back. */
    <R> Result<R> fails(Errno errno, Ioctl<R> call) {
        Result<R> result = context.call(call);
        assertThat(result.errno()).as("%s", call).isEqualTo(errno);
        return result;
    }

    int ioas() {
        return ok(new IoasAlloc(0)).ioasId();
    }

    /** An IOAS with this many mock devices attached to it. */
    int ioasWith(int devices) {
        int ioas = ioas();
        for (int device = 0; device < devices; device++) {
            device(ioas);
        }
        return ioas;
    }

    DeviceTests.MakeDevice.Made device(int ptId) {
        return device(ptId, 0);
    }

    DeviceTests.MakeDevice.Made device(int ptId, int flags) {
        return ok(new DeviceTests.MakeDevice(ptId, flags));
    }

    int hwpt(DeviceTests.MakeDevice.Made device, int ptId, int flags) {
        return ok(new HwptAlloc(flags, device.deviceId(), ptId)).hwptId();
    }

    int nested(DeviceTests.MakeDevice.Made device, int ptId, int flags, int faultId) {
        return ok(nestedCall(device, ptId, flags, faultId)).hwptId();
    }

    static HwptAlloc nestedCall(DeviceTests.MakeDevice.Made device, int ptId, int flags, int faultId) {
        return new HwptAlloc(flags, device.deviceId(), ptId, nestedData(), faultId, 0);
    }

    /** Data of a nested mock HWPT. */
    static UserData nestedData() {
        return new UserData(SELFTEST, 2 * Integer.BYTES, words(CACHE_WORD, 0));
    }

    int viommu(DeviceTests.MakeDevice.Made device, int parent) {
        UserData none = new UserData(SELFTEST_VIOMMU, 0, UserBuffer.ofNull());
        return ok(new ViommuAlloc(0, device.deviceId(), parent, none)).viommuId();
    }

    FaultQueueAlloc.Allocated faultQueue() {
        return ok(new FaultQueueAlloc(0));
    }

    QueueFile queueFile(int fd) {
        return (QueueFile) Objects.requireNonNull(process.files().get(fd), "descriptor is closed");
    }

    void close(int fd) {
        assertThat(process.files().close(fd)).as("descriptor %d was open", fd).isTrue();
    }

    void replace(DeviceTests.MakeDevice.Made device, int ptId) {
        ok(new DeviceTests.Replace(device.selftestId(), 0, ptId));
    }

    /** Maps the start of the buffer at an IOVA. */
    void map(int ioas, long iova, long lengthBytes) {
        ok(new IoasMap(FIXED_RW, ioas, BUFFER, lengthBytes, iova));
    }

    /** Maps the start of the buffer wherever there is room. */
    long mapAuto(int ioas, long address, long lengthBytes) {
        return ok(new IoasMap(AUTO_RW, ioas, address, lengthBytes, 0)).iova();
    }

    long unmap(int ioas, long iova, long lengthBytes) {
        return ok(new IoasUnmap(ioas, iova, lengthBytes)).lengthBytes();
    }

    List<IovaRange> ranges(int ioas) {
        return ok(new IoasIovaRanges(ioas)).all();
    }

    /** A memfd in the process's table. */
    int memfd(MemoryObject memory) {
        return process.files().install(new RegularFile(memory));
    }

    /** Memory of the process at an address of its own. */
    void mapMemory(long address, MemoryObject memory) {
        process.memory().map(new Mapping(address, memory.sizeBytes(), memory, 0, true));
    }

    long pinnedPages() {
        return process.memory().pinnedPages();
    }

    /** Little-endian 32-bit words in memory of the caller. */
    static UserBuffer words(int... values) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int value : values) {
            buffer.putInt(value);
        }
        return UserBuffer.of(buffer.array());
    }

    /** Closes every descriptor; nothing may stay behind. */
    void closeEverything() {
        for (int fd = 0; fd < LAST_FD; fd++) {
            process.files().close(fd);
        }
        assertThat(context.isAlive())
                .as("context is alive after every file was closed")
                .isFalse();
        assertThat(context.snapshot().objects()).as("objects left").isEmpty();
        assertThat(pinnedPages()).as("pages left pinned").isZero();
        assertThat(process.user().lockedPages()).as("pages left charged").isZero();
    }
}
