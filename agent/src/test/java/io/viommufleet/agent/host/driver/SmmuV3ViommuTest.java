package io.viommufleet.agent.host.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.HwptInvalidate;
import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.ViommuAlloc;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserAccount;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.iommufd.system.UserProcess;
import io.viommufleet.agent.vfio.AttachPt;
import io.viommufleet.agent.vfio.BindIommufd;
import io.viommufleet.agent.vfio.DeviceInfo;
import io.viommufleet.agent.vfio.VfioDevice;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import io.viommufleet.agent.vfio.VfioFlags;
import io.viommufleet.common.feasibility.KernelSetup;
import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.feasibility.SmmuV3Registers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An SMMUv3 with nesting and 20-bit SubstreamIDs: what its vIOMMU does with arrays of commands, and in which order an attach is refused. */
class SmmuV3ViommuTest {
    private static final int IDR0 = 0x0840_049b;
    private static final int IDR1 = 20 << 6;
    private static final int ENTRY_BYTES = 24;
    private static final int TLBI_NSNH_ALL = 0x30;

    private final EmulatedKernel kernel = new EmulatedKernel(KernelBehaviour.LINUX_7_0, false);
    private final UserProcess process = new UserProcess(new UserAccount(), Credentials.root());
    private final HostIommu smmu = HostIommu.of(
            new SmmuV3Registers(IDR0, IDR1, 0, 0, 0, 0x75, 0, 0),
            new KernelSetup(KernelVersion.LINUX_7_0, false, true, false));
    private final Iommufd context = kernel.open(process);
    private int descriptor;
    private int viommu;

    @BeforeEach
    void makeAViommu() {
        descriptor = context.install();
        int device = bind(device("0000:01:00.0", 1, true)).value().devId();
        int ioas = context.call(new IoasAlloc()).value().ioasId();
        int parent = context.call(new HwptAlloc(HwptFlags.NEST_PARENT, device, ioas))
                .value()
                .hwptId();
        UserData none = new UserData(ViommuAlloc.TYPE_ARM_SMMUV3, 0, UserBuffer.ofNull());
        viommu = context.call(new ViommuAlloc(0, device, parent, none)).value().viommuId();
    }

    private SmmuV3Device device(String name, int group, boolean coherent) {
        return (SmmuV3Device)
                smmu.probe(new PhysicalDevice(name, new IommuGroup(group), List.of(), 20, coherent, false, false));
    }

    private VfioDeviceFile file(SmmuV3Device device) {
        VfioDeviceFile file = new VfioDevice(kernel, device.name(), device, DeviceInfo.ofPci(false)).open(process);
        file.install();
        return file;
    }

    private Result<BindIommufd.Bound> bind(SmmuV3Device device) {
        return file(device).bind(new BindIommufd(descriptor));
    }

    private Result<HwptInvalidate.Handled> invalidate(ByteBuffer commands, int count) {
        byte[] bytes = new byte[commands.capacity()];
        commands.get(0, bytes);
        return context.call(new HwptInvalidate(viommu, 1, ENTRY_BYTES, count, UserBuffer.of(bytes), 0));
    }

    private static ByteBuffer commands(int count) {
        ByteBuffer commands = ByteBuffer.allocate(count * ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int index = 0; index < count; index++) {
            commands.putLong(index * ENTRY_BYTES, TLBI_NSNH_ALL);
        }
        return commands;
    }

    private static int handled(Result<HwptInvalidate.Handled> result) {
        HwptInvalidate.Handled output = result.output();
        assertThat(output).isNotNull();
        return output == null ? -1 : output.entryCount();
    }

    @Test
    void anArrayThatCannotBeCopiedIsNotBegun() {
        ByteBuffer tail = commands(3).put(2 * ENTRY_BYTES + 20, (byte) 1);
        Result<HwptInvalidate.Handled> tooBig = invalidate(tail, 3);
        Result<HwptInvalidate.Handled> cut = invalidate(commands(2), 3);

        assertThat(tooBig.errno()).isEqualTo(Errno.E2BIG);
        assertThat(handled(tooBig)).isZero();
        assertThat(cut.errno()).isEqualTo(Errno.EFAULT);
        assertThat(handled(cut)).isZero();
    }

    @Test
    void aCommandThatIsRefusedEndsAnArrayWhereItStands() {
        ByteBuffer unknown = commands(3).putLong(2 * ENTRY_BYTES, 0xff);
        Result<HwptInvalidate.Handled> result = invalidate(unknown, 3);

        assertThat(result.errno()).isEqualTo(Errno.EIO);
        assertThat(handled(result)).isEqualTo(2);
    }

    @Test
    void pasidsInUseAreTheFirstReasonAgainstASecondStage() throws KernelFailure {
        SmmuV3Device coherent = device("0000:02:00.0", 2, true);
        SmmuV3Device other = device("0000:03:00.0", 3, false);
        PagingDomain enforced = coherent.allocatePaging(HwptFlags.NEST_PARENT, UserData.NONE);
        assertThat(enforced.enforceCoherency()).isTrue();

        assertThatThrownBy(() -> other.attach(enforced))
                .isInstanceOfSatisfying(
                        KernelFailure.class,
                        failure -> assertThat(failure.errno()).isEqualTo(Errno.EINVAL));
        other.attachPasid(7, other.allocatePaging(HwptFlags.PASID, UserData.NONE), null);
        assertThatThrownBy(() -> other.attach(enforced))
                .isInstanceOfSatisfying(
                        KernelFailure.class,
                        failure -> assertThat(failure.errno()).isEqualTo(Errno.EBUSY));
    }

    @Test
    void vfioHasNoRoomForPasidsFromTwoToThe31On() {
        VfioDeviceFile file = file(device("0000:04:00.0", 4, true));
        assertThat(file.bind(new BindIommufd(descriptor)).isOk()).isTrue();

        AttachPt attach = new AttachPt(AttachPt.FULL_BYTES, VfioFlags.PASID, 99, 1 << 31);
        assertThat(file.attach(attach).errno()).isEqualTo(Errno.ENOSPC);
        assertThat(file.attach(new AttachPt(AttachPt.FULL_BYTES, VfioFlags.PASID, 99, 1 << 30))
                        .errno())
                .isEqualTo(Errno.ENOENT);
    }

    @Test
    void aTokenIsRefusedOnceItHasBeenRead() {
        VfioDeviceFile file = file(device("0000:05:00.0", 5, true));
        UserBuffer token = UserBuffer.of(new byte[16]);

        assertThat(file.bind(new BindIommufd(BindIommufd.FULL_BYTES, VfioFlags.BIND_TOKEN, descriptor, token))
                        .errno())
                .isEqualTo(Errno.EINVAL);
        assertThat(file.bind(new BindIommufd(
                                BindIommufd.FULL_BYTES, VfioFlags.BIND_TOKEN, descriptor, UserBuffer.ofNull()))
                        .errno())
                .isEqualTo(Errno.EFAULT);
        assertThat(context.call(new Destroy(viommu)).isOk()).isTrue();
    }
}
