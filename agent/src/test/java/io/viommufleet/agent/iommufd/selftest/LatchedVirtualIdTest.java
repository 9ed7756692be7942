package io.viommufleet.agent.iommufd.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.QueueFile;
import io.viommufleet.agent.iommufd.VdeviceAlloc;
import io.viommufleet.agent.iommufd.VeventqAlloc;
import io.viommufleet.agent.iommufd.ViommuAlloc;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.UserAccount;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.iommufd.system.UserProcess;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A mock device takes its virtual id when it enters a viommu, and keeps it until it leaves: measured on Linux 7.0. */
class LatchedVirtualIdTest {
    private final UserProcess process = new UserProcess(new UserAccount(), Credentials.root());
    private final Iommufd context = new EmulatedKernel(KernelBehaviour.LINUX_7_0, false).open(process);
    private int ioas;
    private DeviceTests.MakeDevice.Made device = new DeviceTests.MakeDevice.Made(0, 0, 0);
    private int viommu;
    private int queueFile;

    @BeforeEach
    void makeAViommuWithAnEventQueue() {
        context.install();
        ioas = context.call(new IoasAlloc()).value().ioasId();
        device = context.call(new DeviceTests.MakeDevice(ioas, 0)).value();
        int parent = context.call(new HwptAlloc(HwptFlags.NEST_PARENT, device.deviceId(), ioas))
                .value()
                .hwptId();
        UserData noData = new UserData(MockViommu.TYPE, 0, UserBuffer.ofNull());
        viommu = context.call(new ViommuAlloc(0, device.deviceId(), parent, noData))
                .value()
                .viommuId();
        queueFile = context.call(new VeventqAlloc(0, viommu, MockViommu.EVENT_TYPE, 8, 0))
                .value()
                .fd();
    }

    private int vdevice(long virtualId) {
        return context.call(new VdeviceAlloc(viommu, device.deviceId(), virtualId))
                .value()
                .vdeviceId();
    }

    private int nested() {
        UserData data = new UserData(MockDomain.DATA_TYPE, Integer.BYTES, UserBuffer.of(new byte[Integer.BYTES]));
        return context.call(new HwptAlloc(0, device.deviceId(), viommu, data, 0, 0))
                .value()
                .hwptId();
    }

    private void moveTo(int pt) {
        assertThat(context.call(new DeviceTests.Replace(device.selftestId(), 0, pt))
                        .isOk())
                .isTrue();
    }

    private int nameInTheNextEvent() {
        assertThat(context.call(new DeviceTests.TriggerEvent(device.deviceId())).isOk())
                .isTrue();
        QueueFile queue = (QueueFile) Objects.requireNonNull(process.files().get(queueFile));
        byte[] event = queue.read(12).value();
        return ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN).getInt(8);
    }

    @Test
    void aNewVdeviceDoesNotRenameADeviceThatStaysInTheViommu() {
        int first = vdevice(0x11);
        moveTo(nested());
        assertThat(context.call(new Destroy(first)).isOk()).isTrue();
        vdevice(0x22);

        moveTo(nested());

        assertThat(nameInTheNextEvent()).isEqualTo(0x11);
    }

    @Test
    void aDeviceThatLeavesTheViommuHasItsNewNameWhenItComesBack() {
        int first = vdevice(0x11);
        int stage1 = nested();
        moveTo(stage1);
        assertThat(context.call(new Destroy(first)).isOk()).isTrue();
        vdevice(0x22);

        moveTo(ioas);
        moveTo(stage1);

        assertThat(nameInTheNextEvent()).isEqualTo(0x22);
    }
}
