package io.viommufleet.agent.host.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.GetHwInfo;
import io.viommufleet.agent.iommufd.HwQueueAlloc;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.MapFlags;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.VdeviceAlloc;
import io.viommufleet.agent.iommufd.ViommuAlloc;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.Mapping;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.UserAccount;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.iommufd.system.UserProcess;
import io.viommufleet.agent.vfio.BindIommufd;
import io.viommufleet.agent.vfio.DeviceInfo;
import io.viommufleet.agent.vfio.VfioDevice;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import io.viommufleet.common.feasibility.KernelSetup;
import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.feasibility.SmmuV3Registers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An SMMUv3 with command queue virtualization: 4 interfaces (one the kernel's) of 2 queues each, 4 StreamIDs per interface, queues up to 64 KiB. */
class Tegra241Test {
    private static final int CMDQV_PARAM = 0x2 << 12 | 0x2 << 8 | 0x3 << 4 | 0x1;
    private static final int COMMAND_QUEUE_LOG2 = 12;
    private static final int IDR0 = 0x0840_049b;
    private static final long MEMORY_AT = 0x7f00_0000_0000L;
    private static final long MEMORY_BYTES = 4L << 20;

    private final EmulatedKernel kernel = new EmulatedKernel(KernelBehaviour.LINUX_7_0, false);
    private final UserProcess process = new UserProcess(new UserAccount(), Credentials.root());
    private final HostIommu smmu = HostIommu.of(
            new SmmuV3Registers(IDR0, COMMAND_QUEUE_LOG2 << 21, 0, 0, 0, 0x75, 0, 0, CMDQV_PARAM),
            new KernelSetup(KernelVersion.LINUX_7_0, false, true, false));
    private final Iommufd context = kernel.open(process);
    private int descriptor;
    private int parent;
    private int device;

    @BeforeEach
    void prepareAParent() {
        descriptor = context.install();
        process.memory().map(new Mapping(MEMORY_AT, MEMORY_BYTES, MemoryObject.ofHugePages(MEMORY_BYTES), 0, true));
        device = bind("0000:01:00.0");
        int ioas = context.call(new IoasAlloc()).value().ioasId();
        int flags = MapFlags.FIXED_IOVA | MapFlags.READABLE | MapFlags.WRITEABLE;
        assertThat(context.call(new IoasMap(flags, ioas, MEMORY_AT, MEMORY_BYTES, 0))
                        .isOk())
                .isTrue();
        parent = context.call(new HwptAlloc(HwptFlags.NEST_PARENT, device, ioas))
                .value()
                .hwptId();
    }

    private int bind(String name) {
        PhysicalDevice physical =
                new PhysicalDevice(name, new IommuGroup(name.hashCode()), List.of(), 0, true, false, false);
        VfioDevice vfio = new VfioDevice(kernel, name, smmu.probe(physical), DeviceInfo.ofPci(false));
        VfioDeviceFile file = vfio.open(process);
        file.install();
        return file.bind(new BindIommufd(descriptor)).value().devId();
    }

    private Result<ViommuAlloc.Allocated> viommu(byte @Nullable [] data) {
        UserData given = data == null
                ? new UserData(Tegra241Viommu.VIOMMU_TYPE, 0, UserBuffer.ofNull())
                : new UserData(Tegra241Viommu.VIOMMU_TYPE, data.length, UserBuffer.of(data));
        return context.call(new ViommuAlloc(0, device, parent, given));
    }

    private int viommu() {
        return viommu(new byte[16]).value().viommuId();
    }

    private @Nullable Errno queue(int viommu, int index, long iova, long bytes) {
        return context.call(new HwQueueAlloc(0, viommu, 1, index, iova, bytes)).errno();
    }

    @Test
    void tellsOnRequestWhatAnInterfaceHas() {
        byte[] data = new byte[8];
        Result<GetHwInfo.HardwareFacts> facts =
                context.call(new GetHwInfo(GetHwInfo.INPUT_TYPE, device, 3, data.length, UserBuffer.of(data), 0));

        assertThat(facts.value().hardware().type()).isEqualTo(3);
        assertThat(data).containsExactly(0, 0, 0, 0, 1, 1, 2, 0);
        assertThat(context.call(new GetHwInfo(device)).value().hardware().type())
                .as("without asking it is the SMMU's")
                .isEqualTo(2);
    }

    @Test
    void aViommuNeedsRoomToSayWhereItsPageIs() {
        assertThat(viommu(null).errno()).isEqualTo(Errno.EINVAL);

        byte[] data = new byte[16];
        assertThat(viommu(data).isOk()).isTrue();
        ByteBuffer told = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        long offset = told.getLong();
        assertThat(told.getLong()).isEqualTo(0x10000);
        assertThat(context.mmap(offset, 0x10000, true, false).isOk()).isTrue();
    }

    @Test
    void thereAreAsManyViommusAsInterfacesForGuests() {
        int first = viommu();
        viommu();
        viommu();
        assertThat(viommu(new byte[16]).errno()).isEqualTo(Errno.ENOSPC);

        assertThat(context.call(new Destroy(first)).isOk()).isTrue();
        assertThat(viommu(new byte[16]).isOk())
                .as("a freed one can be had again")
                .isTrue();
    }

    @Test
    void queuesComeInOrderAndGoInReverse() {
        int viommu = viommu();

        assertThat(queue(viommu, 1, 0, 0x1000)).as("gap").isEqualTo(Errno.EIO);
        assertThat(queue(viommu, 0, 0, 0x1000)).isNull();
        assertThat(queue(viommu, 0, 0, 0x1000)).as("taken").isEqualTo(Errno.EEXIST);
        assertThat(queue(viommu, 1, 0x1000, 0x1000)).isNull();
        assertThat(queue(viommu, 2, 0x2000, 0x1000)).as("beyond").isEqualTo(Errno.EINVAL);
        int firstQueue = viommu + 1;
        int secondQueue = firstQueue + 2;
        assertThat(context.call(new Destroy(firstQueue)).errno()).isEqualTo(Errno.EBUSY);
        assertThat(context.call(new Destroy(secondQueue)).isOk()).isTrue();
        assertThat(context.call(new Destroy(firstQueue)).isOk()).isTrue();
    }

    @Test
    void aQueueHasTheSizeAndAlignmentThatHardwareTakes() {
        int viommu = viommu();

        assertThat(queue(viommu, 0, 0, 16)).as("too short").isEqualTo(Errno.EINVAL);
        assertThat(queue(viommu, 0, 0, 0x3000)).as("no power of two").isEqualTo(Errno.EINVAL);
        assertThat(queue(viommu, 0, 0, 0x20000)).as("longer than CMDQS").isEqualTo(Errno.EINVAL);
        assertThat(queue(viommu, 0, 0x1000, 0x2000)).as("misaligned").isEqualTo(Errno.EINVAL);
        assertThat(queue(viommu, 0, 0x10000, 0x10000)).isNull();
    }

    @Test
    void virtualStreamIdsHave32BitsAndOneSlotEach() {
        int viommu = viommu();

        assertThat(context.call(new VdeviceAlloc(viommu, device, 1L << 32)).errno())
                .isEqualTo(Errno.EINVAL);
        for (int stream = 0; stream < 4; stream++) {
            int next = stream == 0 ? device : bind("0000:02:0%d.0".formatted(stream));
            assertThat(context.call(new VdeviceAlloc(viommu, next, stream)).isOk())
                    .as("stream %d", stream)
                    .isTrue();
        }
        assertThat(context.call(new VdeviceAlloc(viommu, bind("0000:03:00.0"), 9))
                        .errno())
                .isEqualTo(Errno.ENOSPC);
    }

    @Test
    void anSmmuWithoutItHasNeitherTheInformationNorTheViommu() {
        HostIommu plain = HostIommu.of(
                new SmmuV3Registers(IDR0, 0, 0, 0, 0, 0x75, 0, 0),
                new KernelSetup(KernelVersion.LINUX_7_0, false, true, false));
        PhysicalDevice physical =
                new PhysicalDevice("0000:09:00.0", new IommuGroup(9), List.of(), 0, true, false, false);
        SmmuV3Device without = (SmmuV3Device) plain.probe(physical);

        assertThat(without.hasViommu(Tegra241Viommu.VIOMMU_TYPE)).isFalse();
        assertThat(without.hasViommu(SmmuV3Viommu.TYPE)).isTrue();
    }
}
