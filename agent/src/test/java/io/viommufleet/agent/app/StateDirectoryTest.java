package io.viommufleet.agent.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDirectoryTest {
    @TempDir
    Path directory;

    @Test
    void hasOneAgentAtATime() {
        try (StateDirectory first = StateDirectory.open(directory)) {
            assertThat(first.journal().getParent()).isEqualTo(directory);
            assertThatThrownBy(() -> StateDirectory.open(directory))
                    .isInstanceOfSatisfying(
                            FleetException.class,
                            refused -> assertThat(refused.error()).isEqualTo(FleetError.CONFLICT))
                    .hasMessageStartingWith("another agent uses the state directory");
        }
        StateDirectory.open(directory).close();
    }

    @Test
    void keepsTheBootOfAnEmulatedHostUntilANewOneBegins() {
        try (StateDirectory state = StateDirectory.open(directory)) {
            String boot = state.boot(Optional.empty(), false);

            assertThat(state.boot(Optional.empty(), false)).isEqualTo(boot);
            assertThat(state.boot(Optional.empty(), true)).isNotEqualTo(boot);
        }
    }

    @Test
    void takesTheKernelsWordForTheBootOfARealHost() {
        try (StateDirectory state = StateDirectory.open(directory)) {
            assertThat(state.boot(Optional.of("kernel-boot"), false)).isEqualTo("kernel-boot");
            assertThat(state.boot(Optional.of("next-boot"), false)).isEqualTo("next-boot");
        }
    }
}
