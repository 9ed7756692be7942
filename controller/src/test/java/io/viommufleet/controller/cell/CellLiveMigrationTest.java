package io.viommufleet.controller.cell;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.input.Inputs;
import io.viommufleet.common.input.ParsedDocument;
import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Attachment.Role;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.OperationProgress.State;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Placement.Stage;
import io.viommufleet.controller.placement.HostFeasibility;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A VM that moves while its guest runs, on hosts whose registers say that they can. */
class CellLiveMigrationTest {
    private static final Action LIVE = new Action.Migrate("trainer", Optional.empty(), MigrationMode.LIVE);

    private final CellHarness fleet = new CellHarness(new HostFeasibility());

    private static ParsedDocument.Host host(String name, String migration) {
        return (ParsedDocument.Host) parse("""
            kind: Host
            metadata: {name: %s}
            spec:
              kernel: "7.0"
              vmm: "10.2"
              memory: 64GiB
              kernel-options: ["intel_iommu=on,sm_on"]
              interrupt-remapping: on
              iommus: [{id: dmar0, type: intel-vtd, cap: "0x19ed008c40780c66", ecap: "0x3ef9e86f050df"}]
              devices:
                - {bdf: "0000:3b:00.0", vendor: "0x10de", device: "0x2330", class: "0x030200", group: 1, iommu: dmar0,
                   driver: vfio-pci, migration: %s}
            """.formatted(name, migration));
    }

    private static ParsedDocument.Vm vm(String viommus) {
        return (ParsedDocument.Vm) parse("""
            kind: VirtualMachine
            metadata: {name: trainer}
            spec:
              machine: pc-q35-10.2
              memory: 2GiB
              viommus: [%s]
              devices: [{id: gpu0, match: {vendor: "0x10de"}}]
            """.formatted(viommus));
    }

    private static ParsedDocument parse(String yaml) {
        return Inputs.read("test", yaml.getBytes(UTF_8)).getFirst();
    }

    @BeforeEach
    void aVmRunsOnOneOfTwoHosts() {
        fleet.agent("b1", "i1", host("spr-01", "on").host());
    }

    private void run(String viommus, String migrationOfTheOther) {
        fleet.user(vm(viommus).vm());
        fleet.carryOutAll();
        fleet.agent("b2", "i2", host("spr-02", migrationOfTheOther).host());
        fleet.settle();
        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.RUNNING);
    }

    private List<Role> roles(String host) {
        return fleet.log.stream()
                .filter(envelope -> envelope.value() instanceof Attachment attachment
                        && attachment.id().host().equals(host)
                        && attachment.desired() == Attachment.Desired.ATTACHED)
                .map(envelope -> ((Attachment) envelope.value()).role())
                .toList();
    }

    private Stage stage() {
        return fleet.placement("trainer").movement().orElseThrow().stage();
    }

    private String host() {
        return fleet.placement("trainer").active().map(Placement.Leg::host).orElse("none");
    }

    @Test
    void theTargetIsAttachedFirstAndTheCutOverIsOneRecord() {
        run("", "on");
        Placement before = fleet.placement("trainer");
        assertThat(fleet.operate("op", LIVE).reason()).isEmpty();
        assertThat(stage()).isEqualTo(Stage.PREPARING);
        fleet.carryOut("spr-02", "trainer", "gpu0");
        fleet.settle();
        assertThat(stage()).isEqualTo(Stage.SWITCHING);
        assertThat(host()).isEqualTo("spr-01");

        fleet.carryOutAll();

        assertThat(host()).isEqualTo("spr-02");
        assertThat(fleet.hostsOf("trainer")).containsExactly("spr-02");
        assertThat(roles("spr-01")).containsExactly(Role.ACTIVE, Role.SOURCE);
        assertThat(roles("spr-02")).containsExactly(Role.TARGET, Role.ACTIVE);
        assertThat(fleet.placement("trainer").decision()).isEqualTo(before.decision());
        assertThat(fleet.progress("op").state()).isEqualTo(State.SUCCEEDED);
    }

    @Test
    void aSourceThatCannotHandOverKeepsItsGuest() {
        run("", "on");
        fleet.operate("op", LIVE);
        fleet.carryOut("spr-02", "trainer", "gpu0");
        fleet.settle();
        fleet.refuseHandOver("spr-01", "trainer", "gpu0", "on purpose");
        fleet.carryOutAll();

        assertThat(fleet.hostsOf("trainer")).containsExactly("spr-01");
        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.RUNNING);
        assertThat(roles("spr-01")).containsExactly(Role.ACTIVE, Role.SOURCE, Role.ACTIVE);
        assertThat(fleet.progress("op").moves().getFirst().reason())
                .startsWith("the source cannot hand over: HAND_OVER IOMMU_HWPT_SET_DIRTY_TRACKING EOPNOTSUPP");
    }

    @Test
    void aTargetThatFailsLeavesTheGuestWhereItRuns() {
        run("", "on");
        fleet.operate("op", LIVE);
        fleet.fail("spr-02", "trainer", "gpu0", "ENOMEM");
        fleet.carryOutAll();

        assertThat(fleet.hostsOf("trainer")).containsExactly("spr-01");
        assertThat(roles("spr-01")).as("the source is not touched").containsExactly(Role.ACTIVE);
        assertThat(fleet.progress("op").state()).isEqualTo(State.FAILED);
    }

    @Test
    void aNewLeaderSwitchesOverWhatTheOldOnePrepared() {
        run("", "on");
        fleet.operate("op", LIVE);
        fleet.carryOut("spr-02", "trainer", "gpu0");
        fleet.takeOver();
        fleet.carryOutAll();
        assertThat(fleet.hostsOf("trainer")).containsExactly("spr-02");
        assertThat(roles("spr-02")).containsExactly(Role.TARGET, Role.ACTIVE);
    }

    @Test
    void whatQemuWouldBlockIsRefusedWithItsReason() {
        run("{model: intel-iommu, scalable-mode: on, fsts: on, caching-mode: on, aw-bits: 48}", "on");
        OperationProgress refused = fleet.operate("op", LIVE);
        assertThat(refused.state()).isEqualTo(State.REFUSED);
        assertThat(refused.reason())
                .isEqualTo("no live migration: gpu0: behind a vIOMMU only the host's IOMMU can track what the device"
                        + " writes, and it does not; a cold one is possible");
    }

    @Test
    void aTargetWhoseDriverCannotMigrateIsRefused() {
        run("", "off");
        assertThat(fleet.operate("op", LIVE).reason())
                .isEqualTo(
                        "no live migration: gpu0: 0000:3b:00.0 on spr-02: its VFIO driver does not support migration;"
                                + " a cold one is possible");
    }
}
