package io.viommufleet.agent.iommufd.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.FaultQueue;
import io.viommufleet.agent.iommufd.FaultQueueAlloc;
import io.viommufleet.agent.iommufd.PageFault;
import io.viommufleet.agent.iommufd.QueueFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A page fault from the device to user space and back. */
final class FaultRoundTrip {
    private static final int DEVICE_OFFSET = 4;
    private static final int PASID_OFFSET = 8;
    private static final int COOKIE_OFFSET = 36;

    private FaultRoundTrip() {}

    /** Raises a fault, reads it, and answers it with success. */
    static void on(
            Fixture kernel, DeviceTests.MakeDevice.Made device, FaultQueueAlloc.Allocated queue, PageFault fault) {
        kernel.ok(new DeviceTests.TriggerFault(device.deviceId(), fault));
        QueueFile file = kernel.queueFile(queue.fd());
        byte[] bytes = Fixture.ok(file.read(FaultQueue.RECORD_BYTES));
        assertThat(bytes).hasSize(FaultQueue.RECORD_BYTES);
        ByteBuffer record = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(record.getInt(DEVICE_OFFSET)).isEqualTo(device.deviceId());
        assertThat(record.getInt(PASID_OFFSET)).isEqualTo(fault.pasid());
        byte[] answer = ByteBuffer.allocate(FaultQueue.ANSWER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(record.getInt(COOKIE_OFFSET))
                .putInt(0)
                .array();
        assertThat(Fixture.ok(file.write(answer))).isEqualTo(FaultQueue.ANSWER_BYTES);
    }
}
