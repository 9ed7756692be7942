package io.viommufleet.common.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.model.VmSpec.OnHostLoss;
import io.viommufleet.common.viommu.Property;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.dataformat.yaml.YAMLMapper;

class VmTreeTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final String TRAINER = """
        kind: VirtualMachine
        metadata: {name: trainer-1, cell: 0, labels: {team: ml}}
        spec:
          machine: pc-q35-10.0
          memory: 16GiB
          viommus: [{model: intel-iommu, scalable-mode: on, fsts: true, aw-bits: 48, caching-mode: [on, on]}]
          buses: [{id: rp1, type: pcie-root-port, parent: pcie.0}]
          devices:
            - {id: gpu0, match: {vendor: "0x10de", device: 0x2330}, bus: rp1}
            - {id: nic0, match: {bdf: "0000:3b:00.1"}, kind: pci, backend: iommufd}
          placement: {hosts: [spr-01, spr-02], spread: zone}
          rulesVersion: 2
        """;

    private static TreeResult<VirtualMachine> read(String yaml) {
        return VmTree.read(YAML.readTree(yaml), UnknownKeys.REFUSED);
    }

    @Test
    void readsAUsersYaml() {
        VirtualMachine vm = read(TRAINER).value().orElseThrow();
        assertThat(vm.spec().memoryBytes()).isEqualTo(16L << 30);
        assertThat(vm.spec().configuration().viommus().getFirst().properties())
                .containsExactly(
                        new Property("scalable-mode", "on"),
                        new Property("fsts", "true"),
                        new Property("aw-bits", "48"),
                        new Property("caching-mode", "on"),
                        new Property("caching-mode", "on"));
        assertThat(vm.spec().matches())
                .containsEntry(
                        "gpu0",
                        new DeviceMatch(Optional.of(0x10de), Optional.of(0x2330), Optional.empty(), Optional.empty()));
        assertThat(vm.spec().onHostLoss()).isEqualTo(OnHostLoss.WAIT);
        assertThat(vm.spec().rulesVersion()).contains("2");
        assertThat(VmTree.read(VmTree.write(vm), UnknownKeys.REFUSED).value()).contains(vm);
    }

    @Test
    void namesThePlaceTheValueAndTheNearestName() {
        assertThat(read(TRAINER.replace("placement:", "placment:")).errors())
                .singleElement()
                .satisfies(error -> {
                    assertThat(error.path()).isEqualTo("spec.placment");
                    assertThat(error.message()).isEqualTo("unknown key placment: did you mean placement?");
                });
        assertThat(read(TRAINER.replace("0000:3b:00.1", "3b:00.1")).errors())
                .singleElement()
                .satisfies(error -> {
                    assertThat(error.path()).isEqualTo("spec.devices[1].match.bdf");
                    assertThat(error.value()).isEqualTo("3b:00.1");
                });
    }

    @Test
    void reportsEveryErrorAtOnce() {
        assertThat(read(TRAINER.replace("16GiB", "-1")
                                .replace("pcie-root-port", "isa")
                                .replace("id: nic0", "id: gpu0")
                                .replace("[spr-01,", "[spr/01,"))
                        .errors())
                .extracting(TreeError::path)
                .containsExactlyInAnyOrder(
                        "spec.memory", "spec.buses[0].type", "spec.devices[1].id", "spec.placement.hosts");
    }

    @Test
    void survivesTreesOfTheWrongShape() {
        assertThat(read("[]").errors()).isNotEmpty();
        assertThat(read("metadata: x\nspec: 7").errors()).isNotEmpty();
        assertThat(read("metadata: {name: [a]}\nspec: {machine: {}, devices: {}, viommus: [4]}")
                        .errors())
                .extracting(TreeError::path)
                .contains("metadata.name", "spec.machine.type", "spec.devices", "spec.viommus[0]", "spec.memory");
    }

    @Test
    void writesMemoryAsItIsReadBack() {
        for (long bytes : new long[] {1, 1023, 1024, 1536L << 20, 16L << 30, 3L << 40, 1L << 62, Long.MAX_VALUE}) {
            assertThat(MemorySize.parse(MemorySize.write(bytes))).contains(bytes);
        }
        assertThat(MemorySize.write(16L << 30)).isEqualTo("16GiB");
        assertThat(MemorySize.parse("9999999999TiB")).isEmpty();
        assertThat(MemorySize.parse("16GB")).isEmpty();
    }
}
