package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.HwptFlags.FAULT_ID_VALID;
import static io.viommufleet.agent.iommufd.HwptFlags.NEST_PARENT;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.selftest.Fixture.SELFTEST_VIOMMU;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EEXIST;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EIO;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.ENXIO;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.FaultQueueAlloc;
import io.viommufleet.agent.iommufd.HwQueueAlloc;
import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.MappedRegion;
import io.viommufleet.agent.iommufd.PageFault;
import io.viommufleet.agent.iommufd.VdeviceAlloc;
import io.viommufleet.agent.iommufd.VeventqAlloc;
import io.viommufleet.agent.iommufd.ViommuAlloc;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Tables L and N: viommus with their vdevices, event queues and hardware queues. */
final class ViommuTableTest extends ConformanceTable {
    private static final int EVENTS = MockViommu.EVENT_TYPE;
    private static final int EVENT_BYTES = 12;
    private static final int LOST_BYTES = 8;

    @Override
    List<Row> rows() {
        List<Row> rows = new ArrayList<>(viommus());
        rows.addAll(faulting());
        rows.addAll(regions());
        rows.addAll(vdevices());
        rows.addAll(queues());
        return rows;
    }

    private static List<Row> viommus() {
        return List.of(
                row(238, "a viommu is made without data", Setup::new),
                row(239, "a nested HWPT is made through it", Setup::new),
                row(240, "closing destroys all of it", kernel -> {
                    new Setup(kernel);
                    kernel.closeEverything();
                }),
                row(
                        241,
                        "hwpt_id 0 is ENOENT",
                        kernel -> kernel.fails(ENOENT, new Setup(kernel).alloc(SELFTEST_VIOMMU, 0))),
                row(242, "a plain HWPT is EINVAL", kernel -> {
                    Setup setup = new Setup(kernel);
                    int plain = kernel.hwpt(setup.device, setup.ioas, 0);
                    kernel.fails(EINVAL, setup.alloc(SELFTEST_VIOMMU, plain));
                }),
                row(243, "another type is EOPNOTSUPP", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.fails(EOPNOTSUPP, setup.alloc(0xdead, setup.parent));
                }),
                row(
                        244,
                        "a parent with a viommu is EBUSY",
                        kernel -> kernel.fails(EBUSY, new Destroy(new Setup(kernel).parent))),
                row(
                        245,
                        "a viommu with a nested HWPT is EBUSY",
                        kernel -> kernel.fails(EBUSY, new Destroy(new Setup(kernel).viommu))),
                row(
                        246,
                        "dev_id 0 is ENOENT",
                        kernel -> kernel.fails(
                                ENOENT,
                                new ViommuAlloc(0, 0, 0, new UserData(SELFTEST_VIOMMU, 0, UserBuffer.ofNull())))));
    }

    private static List<Row> faulting() {
        return List.of(
                row(247, "an unknown fault queue is ENOENT", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.fails(ENOENT, Fixture.nestedCall(setup.device, setup.viommu, FAULT_ID_VALID, -1));
                }),
                row(248, "an unknown flag is EOPNOTSUPP", kernel -> {
                    Setup setup = new Setup(kernel);
                    int flags = FAULT_ID_VALID | 1 << 31;
                    int queue = kernel.faultQueue().faultId();
                    kernel.fails(EOPNOTSUPP, Fixture.nestedCall(setup.device, setup.viommu, flags, queue));
                }),
                row(249, "a nested HWPT with faults is made", kernel -> new Setup(kernel).faulting()),
                row(250, "a device without vdevice cannot attach to it: ENOENT", kernel -> {
                    Setup setup = new Setup(kernel);
                    int faulting = setup.faulting();
                    kernel.fails(ENOENT, new DeviceTests.Replace(setup.device.selftestId(), 0, faulting));
                }),
                row(251, "with a vdevice it attaches, and its fault is read and answered", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.fails(EBUSY, new Destroy(setup.attachFaulting()));
                    setup.faultRoundTrip();
                }),
                row(252, "moved away and the file closed, both can be destroyed", kernel -> {
                    Setup setup = new Setup(kernel);
                    int faulting = setup.attachFaulting();
                    setup.faultRoundTrip();
                    kernel.replace(setup.device, setup.ioas);
                    kernel.close(setup.faults.fd());
                    kernel.ok(new Destroy(faulting));
                    kernel.ok(new Destroy(setup.faults.faultId()));
                }));
    }

    private static List<Row> regions() {
        return List.of(
                row(253, "data is echoed, with a region to map", kernel -> {
                    Published region = new Setup(kernel).publish();
                    assertThat(region.echo()).isEqualTo(0xbeef);
                    assertThat(region.offset()).isPositive();
                    assertThat(region.lengthBytes()).isEqualTo(2L * P);
                }),
                row(254, "anything but the region is ENXIO", kernel -> {
                    Published region = new Setup(kernel).publish();
                    long length = region.lengthBytes();
                    mmapFails(kernel, region.offset() + P, length);
                    mmapFails(kernel, region.offset() + 2L * P, length);
                    mmapFails(kernel, region.offset(), length / 2);
                    mmapFails(kernel, region.offset(), length * 2);
                }),
                row(255, "the region begins with the data", kernel -> {
                    MappedRegion mapped = new Setup(kernel).publish().map(kernel);
                    assertThat(mapped.firstWord()).isEqualTo(0xbeef);
                    mapped.unmap();
                }),
                row(256, "a viommu with a mapped region is EBUSY", kernel -> {
                    Published region = new Setup(kernel).publish();
                    MappedRegion mapped = region.map(kernel);
                    kernel.fails(EBUSY, new Destroy(region.viommu()));
                    mapped.unmap();
                    kernel.ok(new Destroy(region.viommu()));
                }));
    }

    private static List<Row> vdevices() {
        return List.of(
                row(257, "without vdevice no nested HWPT of a viommu can be used: ENOENT", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.fails(ENOENT, new DeviceTests.Replace(setup.device.selftestId(), 0, setup.nested));
                }),
                row(258, "an event queue is made", kernel -> new Setup(kernel).eventQueue()),
                row(259, "a second one of its type is EEXIST", kernel -> {
                    Setup setup = new Setup(kernel);
                    setup.eventQueue();
                    kernel.fails(EEXIST, new VeventqAlloc(0, setup.viommu, EVENTS, 2, 0));
                }),
                row(260, "an event names the device as the guest does", kernel -> {
                    Setup setup = new Setup(kernel);
                    int fd = setup.eventQueue().fd();
                    setup.attachAs(0x99);
                    setup.trigger(1);
                    assertThat(setup.read(fd, EVENT_BYTES)).containsExactly(0, 0, 0x99);
                }),
                row(261, "a second vdevice of a device is EEXIST", kernel -> {
                    Setup setup = new Setup(kernel);
                    setup.vdevice(0x99);
                    kernel.fails(EEXIST, new VdeviceAlloc(setup.viommu, setup.device.deviceId(), 0x99));
                }),
                row(262, "a vdevice can be destroyed", kernel -> {
                    Setup setup = new Setup(kernel);
                    int vdevice = setup.attachAs(0x99);
                    kernel.replace(setup.device, setup.ioas);
                    kernel.ok(new Destroy(vdevice));
                }),
                row(263, "of three events a queue of two loses one, and says so", kernel -> {
                    Setup setup = new Setup(kernel);
                    int fd = setup.eventQueue().fd();
                    setup.attachAs(0x88);
                    setup.trigger(3);
                    assertThat(setup.read(fd, 2 * EVENT_BYTES + LOST_BYTES))
                            .containsExactly(0, 0, 0x88, 0, 1, 0x88, 1, 2);
                }),
                row(264, "the next event is an ordinary one", kernel -> {
                    Setup setup = new Setup(kernel);
                    int fd = setup.eventQueue().fd();
                    setup.attachAs(0x88);
                    setup.trigger(3);
                    setup.read(fd, 2 * EVENT_BYTES + LOST_BYTES);
                    setup.trigger(1);
                    assertThat(setup.read(fd, EVENT_BYTES)).containsExactly(0, 3, 0x88);
                }),
                row(265, "an event queue whose file is closed can be destroyed", kernel -> {
                    Setup setup = new Setup(kernel);
                    VeventqAlloc.Allocated queue = setup.eventQueue();
                    kernel.fails(EBUSY, new Destroy(queue.veventqId()));
                    kernel.close(queue.fd());
                    kernel.ok(new Destroy(queue.veventqId()));
                }),
                row(266, "ids 0 are ENOENT", kernel -> kernel.fails(ENOENT, new VdeviceAlloc(0, 0, 0x99))),
                row(267, "a vdevice whose device is gone is ENOENT, and its id is not used again", kernel -> {
                    Setup setup = new Setup(kernel);
                    int vdevice = setup.vdevice(0x99);
                    kernel.ok(new Destroy(setup.device.selftestId()));
                    kernel.fails(ENOENT, new Destroy(vdevice));
                    for (int made = 0; made < 10; made++) {
                        assertThat(kernel.ioas()).isNotEqualTo(vdevice);
                    }
                }));
    }

    private static List<Row> queues() {
        return List.of(
                refusedQueue(281, "type 0 is EOPNOTSUPP", EOPNOTSUPP, 0, 0, BASE, P),
                refusedQueue(282, "length 0 is EINVAL", EINVAL, SELFTEST_VIOMMU, 0, BASE, 0),
                refusedQueue(283, "an IOVA range that wraps is EOVERFLOW", EOVERFLOW, SELFTEST_VIOMMU, 0, -1L, P),
                refusedQueue(284, "an IOVA that is not mapped is ENOENT", ENOENT, SELFTEST_VIOMMU, 0, BASE + 8L * P, P),
                refusedQueue(285, "queue 1 before queue 0 is EIO", EIO, SELFTEST_VIOMMU, 1, BASE, P),
                refusedQueue(286, "queue 2 is EINVAL", EINVAL, SELFTEST_VIOMMU, 2, BASE, P),
                row(287, "queue 0 is made", kernel -> new Setup(kernel).queue(0, BASE, P)),
                row(288, "queue 0 again is EEXIST", kernel -> {
                    Setup setup = new Setup(kernel);
                    setup.queue(0, BASE, P);
                    kernel.fails(EEXIST, setup.queueCall(SELFTEST_VIOMMU, 0, BASE, P));
                }),
                row(289, "the page of a queue cannot be unmapped: EBUSY", kernel -> {
                    Setup setup = new Setup(kernel);
                    setup.queue(0, BASE, P);
                    kernel.fails(EBUSY, new IoasUnmap(setup.ioas, BASE, P));
                }),
                row(290, "another page can", kernel -> {
                    Setup setup = new Setup(kernel);
                    setup.queue(0, BASE, P);
                    kernel.unmap(setup.ioas, BASE + P, P);
                }),
                row(291, "queue 1 may be part of a page", kernel -> new Setup(kernel).bothQueues()),
                row(
                        292,
                        "queue 0 is EBUSY while queue 1 depends on it",
                        kernel -> kernel.fails(EBUSY, new Destroy(new Setup(kernel).bothQueues()[0]))),
                row(293, "destroyed from the last on, the page can be unmapped", kernel -> {
                    Setup setup = new Setup(kernel);
                    int[] queues = setup.bothQueues();
                    kernel.ok(new Destroy(queues[1]));
                    kernel.ok(new Destroy(queues[0]));
                    kernel.unmap(setup.ioas, BASE, P);
                }));
    }

    private static Row refusedQueue(
            int number, String text, Errno errno, int type, int index, long iova, long lengthBytes) {
        return row(number, text, kernel -> {
            Setup setup = new Setup(kernel);
            var before = kernel.context.snapshot();
            kernel.fails(errno, setup.queueCall(type, index, iova, lengthBytes));
            assertThat(kernel.context.snapshot()).isEqualTo(before);
        });
    }

    private static void mmapFails(Fixture kernel, long offset, long lengthBytes) {
        assertThat(kernel.context.mmap(offset, lengthBytes, true, false).errno())
                .isEqualTo(ENXIO);
    }

    /** A region that a viommu published. */
    private record Published(int viommu, int echo, long offset, long lengthBytes) {
        MappedRegion map(Fixture kernel) {
            return Fixture.ok(kernel.context.mmap(offset, lengthBytes, true, false));
        }
    }

    /** A mock device on an IOAS with two single pages mapped, a nesting parent, a viommu and a nested HWPT through it. */
    private static final class Setup {
        private final Fixture kernel;
        private final int ioas;
        private final DeviceTests.MakeDevice.Made device;
        private final int parent;
        private final int viommu;
        private final int nested;
        private final FaultQueueAlloc.Allocated faults;

        Setup(Fixture kernel) {
            this.kernel = kernel;
            ioas = kernel.ioas();
            device = kernel.device(ioas);
            parent = kernel.hwpt(device, ioas, NEST_PARENT);
            viommu = kernel.viommu(device, parent);
            nested = kernel.nested(device, viommu, 0, 0);
            faults = kernel.faultQueue();
            kernel.map(ioas, BASE, P);
            kernel.map(ioas, BASE + P, P);
        }

        ViommuAlloc alloc(int type, int hwpt) {
            return new ViommuAlloc(0, device.deviceId(), hwpt, new UserData(type, 0, UserBuffer.ofNull()));
        }

        Published publish() {
            byte[] bytes = new byte[24];
            ByteBuffer struct = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            struct.putInt(0, 0xbeef);
            UserData data = new UserData(SELFTEST_VIOMMU, bytes.length, UserBuffer.of(bytes));
            int id = kernel.ok(new ViommuAlloc(0, device.deviceId(), parent, data))
                    .viommuId();
            return new Published(id, struct.getInt(4), struct.getLong(8), struct.getLong(16));
        }

        int faulting() {
            return kernel.nested(device, viommu, FAULT_ID_VALID, faults.faultId());
        }

        int attachFaulting() {
            int faulting = faulting();
            vdevice(0x99);
            kernel.replace(device, faulting);
            return faulting;
        }

        void faultRoundTrip() {
            FaultRoundTrip.on(kernel, device, faults, new PageFault(1, 1, 1, 0xdeadbeaf000L));
        }

        int vdevice(long virtualId) {
            return kernel.ok(new VdeviceAlloc(viommu, device.deviceId(), virtualId))
                    .vdeviceId();
        }

        int attachAs(long virtualId) {
            int vdevice = vdevice(virtualId);
            kernel.replace(device, nested);
            return vdevice;
        }

        VeventqAlloc.Allocated eventQueue() {
            return kernel.ok(new VeventqAlloc(0, viommu, EVENTS, 2, 0));
        }

        void trigger(int times) {
            for (int time = 0; time < times; time++) {
                kernel.ok(new DeviceTests.TriggerEvent(device.deviceId()));
            }
        }

        /** The words of so many bytes of events, which must be there. */
        int[] read(int fd, int lengthBytes) {
            byte[] bytes = Fixture.ok(kernel.queueFile(fd).read(lengthBytes));
            assertThat(bytes).hasSize(lengthBytes);
            int[] words = new int[lengthBytes / Integer.BYTES];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
            return words;
        }

        HwQueueAlloc queueCall(int type, int index, long iova, long lengthBytes) {
            return new HwQueueAlloc(0, viommu, type, index, iova, lengthBytes);
        }

        int queue(int index, long iova, long lengthBytes) {
            return kernel.ok(queueCall(SELFTEST_VIOMMU, index, iova, lengthBytes))
                    .hwQueueId();
        }

        int[] bothQueues() {
            return new int[] {queue(0, BASE, P), queue(1, BASE + P / 2, P / 2)};
        }
    }
}
