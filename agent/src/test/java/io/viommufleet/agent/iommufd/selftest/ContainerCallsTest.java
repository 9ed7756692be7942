package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.AREA;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.INFO_BYTES;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.MAP_BYTES;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.MAP_DMA;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.READ_WRITE;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.TYPE1_V2;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.UNMAP_ALL;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.UNMAP_BYTES;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.UNMAP_DMA;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.askInfo;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.bytes;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.call;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.code;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.container;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.map;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.mapped;
import static io.viommufleet.agent.iommufd.selftest.ContainerTableTest.unmap;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BUFFER;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.VfioIoas;
import io.viommufleet.agent.iommufd.system.Errno;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** What the calls of a VFIO container write back when they fail, and how they differ between kernels. */
class ContainerCallsTest {
    private final Fixture kernel = new Fixture(KernelBehaviour.LINUX_7_0);

    private void failsToUnmap(MemorySegment argument, Errno expected, long toldBytes) {
        assertThat(call(kernel, UNMAP_DMA, argument)).isEqualTo(code(expected));
        assertThat(bytes(argument).getLong(16)).as("size after %s", expected).isEqualTo(toldBytes);
    }

    @Test
    void anUnmapThatFailsTellsThatNothingIsGone() {
        container(kernel, TYPE1_V2);
        mapped(kernel, BUFFER, AREA);

        failsToUnmap(unmap(UNMAP_BYTES, 0, BASE, P), Errno.ENOENT, 0);
        failsToUnmap(unmap(UNMAP_BYTES, 0, BASE, -1L), Errno.EOVERFLOW, 0);
    }

    @Test
    void anUnmapThatStopsHalfWayTellsHowFarItGot() {
        container(kernel, TYPE1_V2);
        mapped(kernel, BUFFER, AREA);
        assertThat(call(kernel, MAP_DMA, map(MAP_BYTES, READ_WRITE, BASE + AREA, 2L * P)))
                .isZero();

        failsToUnmap(unmap(UNMAP_BYTES, 0, BASE, AREA + P), Errno.ENOENT, AREA);
    }

    @Test
    void aWrongRequestToUnmapAllIsLeftAsItWas() {
        container(kernel, TYPE1_V2);

        failsToUnmap(unmap(UNMAP_BYTES, UNMAP_ALL, 0, P), Errno.EINVAL, P);
    }

    @Test
    void memoryThatWrapsAndIsTooLongIsRefusedInTheOrderOfTheKernel() {
        container(kernel, TYPE1_V2);
        Fixture old = new Fixture(KernelBehaviour.LINUX_6_12);
        container(old, TYPE1_V2);

        assertThat(call(kernel, MAP_DMA, map(MAP_BYTES, READ_WRITE, BASE, -1L))).isEqualTo(code(Errno.EOVERFLOW));
        assertThat(call(old, MAP_DMA, map(MAP_BYTES, READ_WRITE, BASE, -1L))).isEqualTo(code(Errno.EINVAL));
    }

    @Test
    void withoutHwptsEveryPageSizeFromAProcessorPageOnIsOffered() {
        int ioas = kernel.ok(new IoasAlloc()).ioasId();
        kernel.ok(new VfioIoas(ioas, VfioIoas.SET, 0));

        assertThat(bytes(askInfo(kernel, INFO_BYTES)).getLong(8)).isEqualTo(-P);
    }
}
