package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.MapFlags.WRITEABLE;
import static io.viommufleet.agent.iommufd.SetOption.GET;
import static io.viommufleet.agent.iommufd.SetOption.HUGE_PAGES;
import static io.viommufleet.agent.iommufd.SetOption.RLIMIT_MODE;
import static io.viommufleet.agent.iommufd.SetOption.SET;
import static io.viommufleet.agent.iommufd.selftest.Fixture.AUTO_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BUFFER;
import static io.viommufleet.agent.iommufd.selftest.Fixture.FIXED_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.EADDRINUSE;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENODEV;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.ChangeProcess;
import io.viommufleet.agent.iommufd.IoasIovaRanges;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasMapFile;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.SetOption;
import io.viommufleet.agent.iommufd.VfioContainer;
import io.viommufleet.agent.iommufd.VfioIoas;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.UserProcess;
import java.util.List;

/** Table B: options, the compatibility IOAS, and moving a context to another process. */
final class OptionTableTest extends ConformanceTable {
    private static final int HALF_PAGE = P / 2;
    private static final long LIMIT_BYTES = 64L << 20;
    private static final Credentials LIMITED = new Credentials(false, true, LIMIT_BYTES);

    @Override
    List<Row> rows() {
        return List.of(
                row(
                        33,
                        "RLIMIT_MODE is 0 at first",
                        kernel -> assertThat(kernel.ok(new SetOption(RLIMIT_MODE, GET, 0, 1, 0))
                                        .value())
                                .isZero()),
                row(34, "RLIMIT_MODE can be set to 1", kernel -> setMode(kernel, 1)),
                row(
                        35,
                        "RLIMIT_MODE 2 is EINVAL",
                        kernel -> kernel.fails(EINVAL, new SetOption(RLIMIT_MODE, SET, 0, 2, 0))),
                row(36, "RLIMIT_MODE 1 survives a refused 2", kernel -> {
                    setMode(kernel, 1);
                    kernel.fails(EINVAL, new SetOption(RLIMIT_MODE, SET, 0, 2, 0));
                    assertThat(kernel.ok(new SetOption(RLIMIT_MODE, GET, 0, 0, 0))
                                    .value())
                            .isEqualTo(1);
                }),
                row(37, "RLIMIT_MODE goes back to 0", kernel -> {
                    setMode(kernel, 1);
                    setMode(kernel, 0);
                }),
                row(
                        38,
                        "HUGE_PAGES of id 0 is ENOENT",
                        kernel -> kernel.fails(ENOENT, new SetOption(HUGE_PAGES, GET, 0, 0, 0))),
                row(
                        39,
                        "setting HUGE_PAGES of id 0 is ENOENT",
                        kernel -> kernel.fails(ENOENT, new SetOption(HUGE_PAGES, SET, 0, 1, 0))),
                row(40, "HUGE_PAGES is 1 at first, with or without HWPTs", OptionTableTest::hugePagesAtFirst),
                row(41, "HUGE_PAGES can be turned off without areas", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    setHugePages(kernel, ioas, 0);
                    assertThat(hugePages(kernel, ioas)).isZero();
                }),
                row(42, "HUGE_PAGES 2 is EINVAL", kernel -> {
                    int ioas = kernel.ioas();
                    setHugePages(kernel, ioas, 0);
                    kernel.fails(EINVAL, new SetOption(HUGE_PAGES, SET, ioas, 2, 0));
                }),
                row(43, "HUGE_PAGES can be turned on again", kernel -> {
                    int ioas = kernel.ioas();
                    setHugePages(kernel, ioas, 0);
                    setHugePages(kernel, ioas, 1);
                    assertThat(hugePages(kernel, ioas)).isOne();
                }),
                row(44, "HUGE_PAGES 0 with a page-aligned area raises the alignment to a page", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.map(ioas, BASE, P);
                    setHugePages(kernel, ioas, 0);
                    assertThat(kernel.ok(new IoasIovaRanges(ioas)).alignment()).isEqualTo(P);
                }),
                row(45, "without huge pages memory at half a page is EINVAL", kernel -> {
                    int ioas = kernel.ioas();
                    setHugePages(kernel, ioas, 0);
                    kernel.fails(EINVAL, new IoasMap(FIXED_RW, ioas, BUFFER + HALF_PAGE, P, BASE));
                }),
                row(46, "HUGE_PAGES 0 twice is fine", kernel -> {
                    int ioas = kernel.ioas();
                    setHugePages(kernel, ioas, 0);
                    setHugePages(kernel, ioas, 0);
                }),
                row(47, "HUGE_PAGES 0 with an area at half a page is EADDRINUSE", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.ok(new IoasMap(FIXED_RW, ioas, BUFFER + HALF_PAGE, P, BASE));
                    kernel.fails(EADDRINUSE, new SetOption(HUGE_PAGES, SET, ioas, 0, 0));
                }),
                row(
                        48,
                        "a container of TYPE1v2 leaves HUGE_PAGES at 1",
                        kernel -> assertThat(hugePages(kernel, container(kernel, VfioContainer.TYPE1_V2)))
                                .isOne()),
                row(
                        49,
                        "a container of TYPE1 sets HUGE_PAGES to 0",
                        kernel -> assertThat(hugePages(kernel, container(kernel, VfioContainer.TYPE1)))
                                .isZero()),
                row(
                        50,
                        "VFIO_IOAS GET without one is ENODEV",
                        kernel -> kernel.fails(ENODEV, new VfioIoas(0, VfioIoas.GET, 0))),
                row(
                        51,
                        "VFIO_IOAS SET of id 0 is ENOENT",
                        kernel -> kernel.fails(ENOENT, new VfioIoas(0, VfioIoas.SET, 0))),
                row(52, "VFIO_IOAS GET gives what SET set", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.ok(new VfioIoas(ioas, VfioIoas.SET, 0));
                    assertThat(kernel.ok(new VfioIoas(0, VfioIoas.GET, 0)).ioasId())
                            .isEqualTo(ioas);
                }),
                row(53, "VFIO_IOAS CLEAR forgets it", kernel -> {
                    kernel.ok(new VfioIoas(kernel.ioas(), VfioIoas.SET, 0));
                    kernel.ok(new VfioIoas(0, VfioIoas.CLEAR, 0));
                    kernel.fails(ENODEV, new VfioIoas(0, VfioIoas.GET, 0));
                }),
                row(54, "CHANGE_PROCESS with user memory mapped is EINVAL", kernel -> {
                    kernel.map(kernel.ioasWith(1), BASE, P);
                    kernel.fails(EINVAL, new ChangeProcess(0));
                }),
                row(55, "CHANGE_PROCESS with only a memfd mapped is fine", kernel -> {
                    mapFile(kernel, kernel.ioasWith(1));
                    kernel.ok(new ChangeProcess(0));
                }),
                row(56, "CHANGE_PROCESS moves pinned pages, locked ones as the mode says", kernel -> {
                    movesPins(Credentials.root(), 0);
                    movesPins(LIMITED, 0);
                    movesPins(LIMITED, 1);
                }),
                row(57, "RLIMIT_MODE can be set without CAP_IPC_LOCK before any object", kernel -> {
                    setMode(new Fixture(KernelBehaviour.LINUX_7_0, LIMITED), 0);
                    setMode(new Fixture(KernelBehaviour.LINUX_7_0, LIMITED), 1);
                }));
    }

    private static int container(Fixture kernel, int type) {
        int ioas = kernel.ioasWith(1);
        kernel.ok(new VfioIoas(ioas, VfioIoas.SET, 0));
        kernel.ok(new VfioContainer.SetIommu(type));
        return ioas;
    }

    private static void hugePagesAtFirst(Fixture kernel) {
        for (int devices = 0; devices <= 2; devices++) {
            assertThat(hugePages(kernel, kernel.ioasWith(devices))).isOne();
        }
    }

    private static void movesPins(Credentials parentMay, int mode) {
        Fixture kernel = new Fixture(KernelBehaviour.LINUX_7_0, parentMay);
        setMode(kernel, mode);
        mapFile(kernel, kernel.ioasWith(1));
        UserProcess child = kernel.process(LIMITED);
        boolean byMemory = mode == 1;
        assertThat(kernel.pinnedPages()).isOne();
        assertThat(kernel.process.memory().lockedPages()).isEqualTo(byMemory ? 1 : 0);
        assertThat(kernel.context.callAs(child, new ChangeProcess(0)).errno()).isNull();
        assertThat(kernel.pinnedPages()).isZero();
        assertThat(kernel.process.memory().lockedPages()).isZero();
        assertThat(child.memory().pinnedPages()).isOne();
        assertThat(child.memory().lockedPages()).isEqualTo(byMemory ? 1 : 0);
        kernel.closeEverything();
        assertThat(child.memory().pinnedPages()).isZero();
        assertThat(child.memory().lockedPages()).isZero();
        assertThat(child.user().lockedPages()).isZero();
    }

    private static void mapFile(Fixture kernel, int ioas) {
        int fd = kernel.memfd(MemoryObject.ofPages(P));
        kernel.ok(new IoasMapFile(AUTO_RW | WRITEABLE, ioas, fd, 0, P, 0));
    }

    private static void setMode(Fixture kernel, long mode) {
        kernel.ok(new SetOption(RLIMIT_MODE, SET, 0, mode, 0));
    }

    private static void setHugePages(Fixture kernel, int ioas, long value) {
        kernel.ok(new SetOption(HUGE_PAGES, SET, ioas, value, 0));
    }

    private static long hugePages(Fixture kernel, int ioas) {
        return kernel.ok(new SetOption(HUGE_PAGES, GET, ioas, 3, 0)).value();
    }
}
