package io.viommufleet.deploy.up;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.deploy.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The example fleet comes to rest in exactly the phases of the table in its README. */
class ExampleFleetIT {
    private static final Path EXAMPLES = Path.of("examples");
    private static final String NONE = "-";

    /** A line of the table. */
    private record Expected(String vm, String phase, String host, String reason) {}

    @ParameterizedTest
    @ValueSource(strings = {"1", "3"})
    void everyVmEndsInItsDocumentedPhase(String cells) throws IOException {
        CommandRun run = up("--cells", cells);

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(found(json(run))).isEqualTo(phases(table()));
        for (Expected expected : table()) {
            JsonNode vm = vm(json(run), expected.vm());
            assertThat(vm.path("reason").asString())
                    .as("reason of %s", expected.vm())
                    .contains(expected.reason().equals(NONE) ? "" : expected.reason());
        }
        assertThat(json(run).path("decisions").path("drift").asInt()).isZero();
    }

    @Test
    void oneDecisionHasTwoOutcomes() {
        JsonNode fleet = json(up());

        JsonNode able = vm(fleet, "twin-on-spr-01").path("devices").path(0);
        JsonNode unable = vm(fleet, "twin-on-spr-02").path("devices").path(0);
        assertThat(able.path("nestingParent").asBoolean()).isTrue();
        assertThat(unable.path("flags")).isEqualTo(able.path("flags"));
        assertThat(able.path("state").asString()).isEqualTo("Attached");
        assertThat(vm(fleet, "unmet-dirty-tracking")
                        .path("devices")
                        .path(0)
                        .path("unmet")
                        .toString())
                .isEqualTo("[\"WANT_NESTING_DIRTY_TRACKING\"]");
    }

    @Test
    void guestsDriveTheirViommus() {
        JsonNode fleet = json(up());

        assertThat(guest(fleet, "guest-vtd"))
                .containsExactly(
                        "true ",
                        "true ",
                        "true HWPT_ALLOC, VFIO_DEVICE_ATTACH_IOMMUFD_PT",
                        "true HWPT_INVALIDATE",
                        "true VFIO_DEVICE_ATTACH_IOMMUFD_PT, DESTROY",
                        "true HWPT_ALLOC, VFIO_DEVICE_ATTACH_IOMMUFD_PT",
                        "true VFIO_DEVICE_ATTACH_IOMMUFD_PT, DESTROY");
        assertThat(guest(fleet, "guest-smmu"))
                .containsExactly(
                        "true ",
                        "true VFIO_DEVICE_ATTACH_IOMMUFD_PT, VEVENTQ_ALLOC",
                        "false HWPT_INVALIDATE EIO",
                        "true VDEVICE_ALLOC, HWPT_ALLOC, VFIO_DEVICE_ATTACH_IOMMUFD_PT",
                        "true HWPT_INVALIDATE",
                        "true read",
                        "true VFIO_DEVICE_ATTACH_IOMMUFD_PT, DESTROY",
                        "true VFIO_DEVICE_ATTACH_IOMMUFD_PT, DESTROY");
        assertThat(guest(fleet, "guest-virtio"))
                .containsExactly(
                        "true ",
                        "true ",
                        "true IOAS_UNMAP x3, IOAS_MAP x3",
                        "true IOAS_UNMAP",
                        "true IOAS_UNMAP x2, IOAS_MAP x3");
    }

    private static List<String> guest(JsonNode fleet, String vm) {
        List<String> lines = new ArrayList<>();
        vm(fleet, vm).path("guest").forEach(report -> {
            List<String> calls = new ArrayList<>();
            report.path("calls").forEach(call -> calls.add(call.asString()));
            lines.add(report.path("ok").asBoolean() + " " + String.join(", ", calls));
        });
        return lines;
    }

    private static CommandRun up(String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "up",
                "--settle",
                "--port",
                "0",
                "-o",
                "json",
                "--hosts",
                EXAMPLES.resolve("hosts").toString(),
                "--vms",
                EXAMPLES.resolve("vms").toString()));
        arguments.addAll(Arrays.asList(more));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    private static JsonNode json(CommandRun run) {
        return new JsonMapper().readTree(run.out());
    }

    private static JsonNode vm(JsonNode fleet, String id) {
        for (JsonNode vm : fleet.path("vms")) {
            if (vm.path("id").asString().equals(id)) {
                return vm;
            }
        }
        throw new AssertionError("no VM " + id + " in " + fleet);
    }

    private static List<String> found(JsonNode fleet) {
        List<String> lines = new ArrayList<>();
        fleet.path("vms")
                .forEach(vm -> lines.add("%s %s %s"
                        .formatted(
                                vm.path("id").asString(),
                                vm.path("phase").asString(),
                                vm.path("host").isNull()
                                        ? NONE
                                        : vm.path("host").asString())));
        return lines.stream().sorted().toList();
    }

    private static List<String> phases(List<Expected> table) {
        return table.stream()
                .map(line -> "%s %s %s".formatted(line.vm(), line.phase(), line.host()))
                .sorted()
                .toList();
    }

    private static List<Expected> table() throws IOException {
        return Files.readAllLines(EXAMPLES.resolve("README.md")).stream()
                .dropWhile(line -> !line.startsWith("| VM |"))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> line.split("\\s*\\|\\s*"))
                .map(cells -> new Expected(cells[1], cells[3], cells[4], cells[5]))
                .toList();
    }
}
