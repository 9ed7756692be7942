package io.viommufleet.agent.vmm;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.feasibility.Feasibility;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.viommu.Decision;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What the controller predicts from an inventory is what the attach path comes to on an idle host; {@code -Dseed=} repeats a run. */
class FeasibilityAgreementTest {
    private static final int CASES = 8000;

    @Test
    void thePredictionIsWhatTheEmulationDoesOnAnIdleHost() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("FeasibilityAgreementTest -Dseed=" + seed);
        RandomCases random = new RandomCases(seed);
        Map<String, Integer> ends = new TreeMap<>();
        for (int number = 0; number < CASES; number++) {
            HostInventory host = random.host().build();
            TestVm vm = random.vm();
            if (vm.decide() instanceof Decision.Decided) {
                String end = compare("case %d of seed %d: %s on %s".formatted(number, seed, vm, host), vm, host);
                ends.merge(end, 1, Integer::sum);
            }
        }
        System.out.println("FeasibilityAgreementTest ends " + ends);
        assertThat(ends.keySet())
                .as("every way to end is tried")
                .contains(
                        "attached",
                        "VERIFY",
                        "ADDRESS_SPACE",
                        "OPEN_CDEV",
                        "BIND EINVAL",
                        "BIND EPERM",
                        "BIND EBUSY",
                        "HWPT_ALLOC EOPNOTSUPP",
                        "HWPT_ALLOC EINVAL",
                        "MAP_RAM EINVAL",
                        "SET_IOMMU_DEVICE",
                        "SET_IOMMU_DEVICE ENOTTY",
                        "SET_IOMMU_DEVICE EOPNOTSUPP",
                        "REGISTER_NOTIFIER");
    }

    private static String compare(String description, TestVm vm, HostInventory inventory) {
        EmulatedHost host = new EmulatedHost(inventory);
        HostSnapshot before = host.snapshot();
        AttachResult result = host.attach(vm.request("d0", TestHost.FIRST));
        switch (Feasibility.of(vm.question("d0"), inventory, TestHost.FIRST)) {
            case Feasibility.Feasible(var unmet, var values) ->
                assertThat(result).as(description).isInstanceOfSatisfying(AttachResult.Attached.class, attached -> {
                    assertThat(attached.unmet()).as(description).isEqualTo(unmet);
                    assertThat(attached.resolvedValues()).as(description).isEqualTo(values);
                });
            case Feasibility.Infeasible(AttachFailure expected) ->
                assertThat(result).as(description).isInstanceOfSatisfying(AttachResult.Failed.class, failed -> {
                    assertThat(failed.failure().step()).as(description).isEqualTo(expected.step());
                    assertThat(failed.failure().ioctl()).as(description).isEqualTo(expected.ioctl());
                    assertThat(failed.failure().errno()).as(description).isEqualTo(expected.errno());
                    assertThat(failed.failure().reason()).as(description).endsWith(expected.reason());
                });
        }
        assertThat(host.detach("vm", "d0")).as(description).isEqualTo(new DetachResult.Detached());
        assertThat(host.snapshot()).as(description).isEqualTo(before);
        return switch (result) {
            case AttachResult.Attached _ -> "attached";
            case AttachResult.Failed(AttachFailure failure) ->
                (failure.step() + " " + failure.errno().orElse("")).strip();
        };
    }
}
