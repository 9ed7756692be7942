package io.viommufleet.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.host.driver.HostIommu;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.common.feasibility.KernelVersion;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The prediction of an attach and the emulated kernel agree on what a kernel version can do. */
class KernelDifferencesTest {
    private static final int VIOMMU_ALLOC = 0x3b90;

    @ParameterizedTest
    @ValueSource(strings = {"5.15", "6.12", "6.12.117", "6.18", "7.0.0", "7.3"})
    void arePredictedAsTheyAreEmulated(String release) {
        KernelVersion version = KernelVersion.parse(release).orElseThrow();
        KernelBehaviour kernel = HostIommu.behaviourOf(version);

        assertThat(version.hasViommuObjects()).isEqualTo(kernel.lastIoctl() >= VIOMMU_ALLOC);
        assertThat(version.attachesPasids())
                .isEqualTo(kernel.has(Trait.PASIDS))
                .isEqualTo(kernel.has(Trait.ATTACH_KNOWS_PASID));
        assertThat(version.prefersFirstStage()).isEqualTo(kernel.has(Trait.FIRST_STAGE_BY_DEFAULT));
        assertThat(version.refusesReadOnlyInParent()).isEqualTo(kernel.has(Trait.READ_ONLY_PARENT_MAPS_REFUSED));
        assertThat(version.amdNests()).isEqualTo(kernel.has(Trait.AMD_TELLS_HARDWARE_INFO));
    }
}
