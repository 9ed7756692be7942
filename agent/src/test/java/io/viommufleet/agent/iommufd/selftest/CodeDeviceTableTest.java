package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.HwptFlags.DIRTY_TRACKING;
import static io.viommufleet.agent.iommufd.HwptFlags.NEST_PARENT;
import static io.viommufleet.agent.iommufd.HwptFlags.PASID;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.selftest.Row.codeRow;
import static io.viommufleet.agent.iommufd.system.Errno.E2BIG;
import static io.viommufleet.agent.iommufd.system.Errno.EADDRINUSE;
import static io.viommufleet.agent.iommufd.system.Errno.EBADF;
import static io.viommufleet.agent.iommufd.system.Errno.EBADFD;
import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EIO;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static io.viommufleet.agent.iommufd.system.Errno.EPERM;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.host.driver.HostIommu;
import io.viommufleet.agent.host.driver.PhysicalDevice;
import io.viommufleet.agent.iommufd.GetHwInfo;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.ViommuAlloc;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.driver.ReservedRegion;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.RegularFile;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.uapi.SystemCalls;
import io.viommufleet.agent.vfio.AttachPt;
import io.viommufleet.agent.vfio.BindIommufd;
import io.viommufleet.agent.vfio.DetachPt;
import io.viommufleet.agent.vfio.DeviceInfo;
import io.viommufleet.agent.vfio.VfioDevice;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import io.viommufleet.common.feasibility.AddressRange;
import io.viommufleet.common.feasibility.AmdRegisters;
import io.viommufleet.common.feasibility.IommuRegisters;
import io.viommufleet.common.feasibility.KernelSetup;
import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.feasibility.SmmuV3Registers;
import io.viommufleet.common.feasibility.VirtioIommuProperties;
import io.viommufleet.common.feasibility.VtdRegisters;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Rows C47 to C70: what the kernel's code says of VFIO devices and of the drivers of real IOMMUs. */
final class CodeDeviceTableTest extends ConformanceTable {
    private static final int BIND_REQUEST = 0x3b76;
    private static final VtdRegisters LEGACY_VTD = new VtdRegisters(0xd2008c222f0606L, 0xf00f4aL);
    private static final VtdRegisters NESTING_VTD = new VtdRegisters(
            56L << 16 | 0xcL << 8 | 3L << 34 | 1L << 56 | 1L << 60,
            1L << 3 | 1L << 7 | 1L << 26 | 19L << 35 | 1L << 40 | 1L << 43 | 0xfL << 45);
    private static final SmmuV3Registers SMMU = new SmmuV3Registers(
            1 | 1 << 1 | 2 << 2 | 1 << 4 | 2 << 6 | 1 << 10 | 2 << 21 | 1 << 27,
            16 | 20 << 6,
            0,
            1 << 8 | 1 << 10,
            0,
            5 | 7 << 4,
            0,
            0);
    private static final AmdRegisters AMD =
            new AmdRegisters(1L << 4 | 19L << 32 | 1L << 48 | 1L << 52, 1L << 3 | 1L << 11);
    private static final VirtioIommuProperties VIRTIO = new VirtioIommuProperties(-4096L, AddressRange.ofBits(64));
    private static final ReservedRegion MSI =
            new ReservedRegion(new IovaRange(0xfee00000L, 0xfeefffffL), ReservedRegion.Type.MSI);

    @Override
    List<Row> rows() {
        List<Row> rows = new ArrayList<>(binding());
        rows.addAll(attaching());
        rows.addAll(drivers());
        return rows;
    }

    private static List<Row> binding() {
        return List.of(
                codeRow(47, "a device that is not bound takes neither ATTACH nor GET_INFO: EINVAL", kernel -> {
                    VfioDeviceFile file = new Machine(kernel, LEGACY_VTD).open(0);
                    fails(EINVAL, file.attach(new AttachPt(16, 0, kernel.ioas(), 0)));
                    fails(EINVAL, file.getInfo(24));
                }),
                codeRow(48, "BIND too short is EINVAL, with a tail that is not zero E2BIG", kernel -> {
                    int fd = new Machine(kernel, LEGACY_VTD).open(0).install();
                    assertThat(bind(kernel, fd, 15, 0)).isEqualTo(-EINVAL.number());
                    assertThat(bind(kernel, fd, 32, 1)).isEqualTo(-E2BIG.number());
                }),
                codeRow(49, "BIND to -1 is EINVAL, to a closed file EBADF, to another kind EBADFD", kernel -> {
                    VfioDeviceFile file = new Machine(kernel, LEGACY_VTD).open(0);
                    fails(EINVAL, file.bind(bindTo(-1)));
                    fails(EBADF, file.bind(bindTo(99)));
                    int other = kernel.process.files().install(new RegularFile(null));
                    fails(EBADFD, file.bind(bindTo(other)));
                }),
                codeRow(50, "BIND twice is EINVAL on the same file and on another", kernel -> {
                    Machine machine = new Machine(kernel, LEGACY_VTD);
                    VfioDeviceFile file = machine.bound(0);
                    fails(EINVAL, file.bind(bindTo(kernel.contextFd)));
                    fails(EINVAL, machine.open(0).bind(bindTo(kernel.contextFd)));
                }),
                codeRow(51, "BIND beside a device of another context is EPERM", kernel -> {
                    Machine machine = new Machine(kernel, LEGACY_VTD);
                    machine.bound(0);
                    int other = kernel.kernel.open(kernel.process).install();
                    fails(EPERM, machine.open(1).bind(bindTo(other)));
                }),
                codeRow(52, "BIND with the group file open is EBUSY", kernel -> {
                    Machine machine = new Machine(kernel, LEGACY_VTD);
                    machine.group.setGroupFileOpen(true);
                    fails(EBUSY, machine.open(0).bind(bindTo(kernel.contextFd)));
                }),
                codeRow(53, "BIND without isolated interrupts is EPERM", kernel -> {
                    KernelSetup setup = new KernelSetup(KernelVersion.LINUX_7_0, false, false, false);
                    fails(EPERM, new Machine(kernel, LEGACY_VTD, setup).open(0).bind(bindTo(kernel.contextFd)));
                }));
    }

    private static List<Row> attaching() {
        return List.of(
                codeRow(
                        54,
                        "DETACH of what is not attached is fine",
                        kernel -> Fixture.ok(
                                new Machine(kernel, LEGACY_VTD).bound(0).detach(new DetachPt(12, 0, 0)))),
                codeRow(55, "ATTACH to an unknown id is ENOENT, to a device EINVAL", kernel -> {
                    VfioDeviceFile file = new Machine(kernel, LEGACY_VTD).bound(0);
                    fails(ENOENT, file.attach(new AttachPt(16, 0, 99, 0)));
                    fails(EINVAL, file.attach(new AttachPt(16, 0, id(file), 0)));
                }),
                codeRow(56, "ATTACH moves to another IOAS, and the automatic HWPT goes", kernel -> {
                    VfioDeviceFile file = new Machine(kernel, LEGACY_VTD).bound(0);
                    int first = attach(file, kernel.ioas());
                    assertThat(attach(file, kernel.ioas())).isNotEqualTo(first);
                    assertThat(kernel.context.find(first)).isNull();
                }),
                codeRow(57, "the other device of a group cannot attach elsewhere: EINVAL", kernel -> {
                    Pair pair = new Pair(kernel);
                    attach(pair.first, pair.hwpt);
                    fails(EINVAL, pair.second.attach(new AttachPt(16, 0, pair.otherHwpt, 0)));
                }),
                codeRow(58, "it attaches to the same HWPT", kernel -> {
                    Pair pair = new Pair(kernel);
                    attach(pair.first, pair.hwpt);
                    assertThat(attach(pair.second, pair.hwpt)).isEqualTo(pair.hwpt);
                }),
                codeRow(59, "moving one moves the group", kernel -> {
                    Pair pair = new Pair(kernel);
                    attach(pair.first, pair.ioas);
                    attach(pair.second, pair.ioas);
                    attach(pair.first, pair.otherHwpt);
                    assertThat(java.util.Objects.requireNonNull(pair.second.binding())
                                    .attachedTo(0))
                            .isEqualTo(kernel.context.find(pair.otherHwpt));
                }),
                codeRow(60, "an area where VT-d takes interrupts keeps a device out: EADDRINUSE", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.map(ioas, 0xfee00000L, P);
                    VfioDeviceFile file = new Machine(kernel, LEGACY_VTD).bound(0);
                    fails(EADDRINUSE, file.attach(new AttachPt(16, 0, ioas, 0)));
                }),
                codeRow(61, "devices of like IOMMUs share an automatic HWPT", kernel -> {
                    int ioas = kernel.ioas();
                    int first = attach(new Machine(kernel, LEGACY_VTD).bound(0), ioas);
                    assertThat(attach(new Machine(kernel, LEGACY_VTD).bound(0), ioas))
                            .isEqualTo(first);
                }),
                codeRow(62, "a PASID cannot attach to an IOAS: EINVAL", kernel -> {
                    VfioDeviceFile file = new Machine(kernel, NESTING_VTD).bound(0);
                    fails(EINVAL, file.attach(new AttachPt(16, 1, kernel.ioas(), 100)));
                }));
    }

    private static List<Row> drivers() {
        return List.of(
                refused(63, "VT-d without scalable mode has no nesting parent", LEGACY_VTD, NEST_PARENT),
                codeRow(64, "SMMUv3 does not nest on a HWPT: EOPNOTSUPP", kernel -> {
                    int device = id(new Machine(kernel, SMMU).bound(0));
                    int parent = parent(kernel, device);
                    kernel.fails(EOPNOTSUPP, new HwptAlloc(0, device, parent, ste(1 | 5 << 1, 0), 0, 0));
                }),
                codeRow(65, "an STE with a bit that guests may not set is EIO", kernel -> {
                    int device = id(new Machine(kernel, SMMU).bound(0));
                    UserData none = new UserData(ViommuAlloc.TYPE_ARM_SMMUV3, 0, UserBuffer.ofNull());
                    int viommu = kernel.ok(new ViommuAlloc(0, device, parent(kernel, device), none))
                            .viommuId();
                    kernel.ok(new HwptAlloc(0, device, viommu, ste(1 | 5 << 1, 0), 0, 0));
                    kernel.fails(EIO, new HwptAlloc(0, device, viommu, ste(1 | 5 << 1, 1L << 62), 0, 0));
                }),
                refused(66, "SMMUv3 tracks no dirty pages in a nesting parent", SMMU, NEST_PARENT | DIRTY_TRACKING),
                codeRow(67, "virtio-iommu takes no flags and tells nothing", kernel -> {
                    KernelSetup setup = new KernelSetup(KernelVersion.LINUX_7_0, false, true, false);
                    int device = id(new Machine(kernel, VIRTIO, setup).bound(0));
                    int ioas = kernel.ioas();
                    for (int flag = 1; flag <= PASID; flag <<= 1) {
                        kernel.fails(EOPNOTSUPP, new HwptAlloc(flag, device, ioas));
                    }
                    GetHwInfo.HardwareFacts facts = kernel.ok(new GetHwInfo(device));
                    assertThat(facts.hardware().type()).isZero();
                    assertThat(facts.hardware().lengthBytes()).isZero();
                }),
                codeRow(68, "a VT-d stage 1 of 39 bits can be made but not attached: EINVAL", kernel -> {
                    VfioDeviceFile file = new Machine(kernel, NESTING_VTD).bound(0);
                    int parent = parent(kernel, id(file));
                    byte[] stage1 = new byte[24];
                    ByteBuffer.wrap(stage1).order(ByteOrder.LITTLE_ENDIAN).putInt(16, 39);
                    UserData data = new UserData(1, stage1.length, UserBuffer.of(stage1));
                    int nested = kernel.ok(new HwptAlloc(0, id(file), parent, data, 0, 0))
                            .hwptId();
                    fails(EINVAL, file.attach(new AttachPt(16, 0, nested, 0)));
                }),
                codeRow(69, "VT-d has no viommu of type 1: EOPNOTSUPP", kernel -> {
                    int device = id(new Machine(kernel, NESTING_VTD).bound(0));
                    UserData none = new UserData(1, 0, UserBuffer.ofNull());
                    kernel.fails(EOPNOTSUPP, new ViommuAlloc(0, device, parent(kernel, device), none));
                }),
                refused(70, "AMD has no HWPT for PASIDs that tracks dirty pages", AMD, PASID | DIRTY_TRACKING));
    }

    private static Row refused(int number, String text, IommuRegisters registers, int flags) {
        return codeRow(number, text + ": EOPNOTSUPP", kernel -> {
            int device = id(new Machine(kernel, registers).bound(0));
            kernel.fails(EOPNOTSUPP, new HwptAlloc(flags, device, kernel.ioas()));
        });
    }

    private static int parent(Fixture kernel, int device) {
        return kernel.ok(new HwptAlloc(NEST_PARENT, device, kernel.ioas())).hwptId();
    }

    private static UserData ste(long word0, long word1) {
        byte[] words = new byte[16];
        ByteBuffer.wrap(words).order(ByteOrder.LITTLE_ENDIAN).putLong(word0).putLong(word1);
        return new UserData(2, words.length, UserBuffer.of(words));
    }

    private static BindIommufd bindTo(int fd) {
        return new BindIommufd(16, 0, fd, UserBuffer.ofNull());
    }

    private static int bind(Fixture kernel, int fd, int argsz, int lastByte) {
        byte[] memory = new byte[32];
        ByteBuffer.wrap(memory)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(argsz)
                .putInt(0)
                .putInt(kernel.contextFd);
        memory[31] = (byte) lastByte;
        return SystemCalls.ioctl(kernel.process, fd, BIND_REQUEST, MemorySegment.ofArray(memory));
    }

    private static int attach(VfioDeviceFile file, int ptId) {
        return Fixture.ok(file.attach(new AttachPt(16, 0, ptId, 0))).ptId();
    }

    private static int id(VfioDeviceFile file) {
        return java.util.Objects.requireNonNull(file.binding()).id();
    }

    private static void fails(Errno errno, io.viommufleet.agent.iommufd.Result<?> result) {
        assertThat(result.errno()).isEqualTo(errno);
    }

    /** Two devices in one group behind one IOMMU. */
    private static final class Machine {
        private final Fixture kernel;
        private final IommuGroup group = new IommuGroup(1);
        private final List<VfioDevice> devices = new ArrayList<>();

        Machine(Fixture kernel, IommuRegisters registers) {
            this(
                    kernel,
                    registers,
                    new KernelSetup(KernelVersion.LINUX_7_0, registers.equals(NESTING_VTD), true, false));
        }

        Machine(Fixture kernel, IommuRegisters registers, KernelSetup setup) {
            this.kernel = kernel;
            HostIommu iommu = HostIommu.of(registers, setup);
            List<ReservedRegion> regions = registers instanceof VtdRegisters ? List.of(MSI) : List.of();
            for (int index = 0; index < 2; index++) {
                String name = "0000:0%d:00.0".formatted(index + 1);
                PhysicalDevice physical = new PhysicalDevice(name, group, regions, 20, true, true, false);
                devices.add(
                        new VfioDevice(kernel.kernel, "vfio" + index, iommu.probe(physical), DeviceInfo.ofPci(false)));
            }
        }

        VfioDeviceFile open(int device) {
            return devices.get(device).open(kernel.process);
        }

        VfioDeviceFile bound(int device) {
            VfioDeviceFile file = open(device);
            file.install();
            Fixture.ok(file.bind(bindTo(kernel.contextFd)));
            return file;
        }
    }

    /** Both devices of a group bound, with an IOAS and two HWPTs. */
    private static final class Pair {
        private final VfioDeviceFile first;
        private final VfioDeviceFile second;
        private final int ioas;
        private final int hwpt;
        private final int otherHwpt;

        Pair(Fixture kernel) {
            Machine machine = new Machine(kernel, LEGACY_VTD);
            first = machine.bound(0);
            second = machine.bound(1);
            ioas = kernel.ioas();
            hwpt = kernel.ok(new HwptAlloc(0, id(first), ioas)).hwptId();
            otherHwpt = kernel.ok(new HwptAlloc(0, id(first), ioas)).hwptId();
        }
    }
}
