package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.vmm.TestHost.FIRST;
import static io.viommufleet.agent.vmm.TestHost.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.conformance.Conformance;
import io.viommufleet.agent.conformance.Report;
import io.viommufleet.agent.trace.TraceEncoder;
import io.viommufleet.agent.trace.TraceRecorder;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.TracePiece;
import io.viommufleet.common.wire.GuestStepText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What a VMM asked of the kernel, recorded and replayed on another emulation that is built from the trace's header alone. */
class TraceReplayTest {
    @TempDir
    private Path directory = Path.of("");

    private record Setting(Supplier<TestHost> host, Supplier<TestVm> vm) {}

    private static final Map<String, Setting> SETTINGS = Map.of(
            "intel nested", new Setting(TestHost::vtd, TestVm::nestedIntel),
            "intel on 6.12", new Setting(() -> TestHost.vtd().kernel("6.12"), TestVm::intel),
            "smmuv3", new Setting(TestHost::smmuV3, TestVm::accelerated),
            "amd", new Setting(TestHost::amd, () -> TestVm.q35().viommu("amd-iommu", "dma-remap=on")),
            "virtio", new Setting(TestHost::smmuV3, () -> TestVm.virt().viommu("virtio-iommu-pci")));

    @TestFactory
    Stream<DynamicTest> aRecordedAttachAndDetachReplaysWithoutADifference() {
        return SETTINGS.entrySet().stream()
                .map(setting -> DynamicTest.dynamicTest(setting.getKey(), () -> {
                    List<String> trace = record(setting.getValue());
                    Report report = replay(setting.getKey(), trace);
                    assertThat(report.unreadable()).isEmpty();
                    assertThat(report.differing()).isEmpty();
                    assertThat(report.ops()).isEqualTo(trace.size() - 2).isGreaterThan(20);
                }));
    }

    @Test
    void whatAGuestDidWithAnAcceleratedSmmuReplaysToo() throws IOException {
        EmulatedHost host = TestHost.smmuV3().boot();
        TestVm vm = TestVm.accelerated().device();
        TraceRecorder recorder = new TraceRecorder(1000);
        host.kernel().observe(recorder);
        assertThat(host.attach(vm.request("d0", FIRST))).isInstanceOf(AttachResult.Attached.class);
        List<GuestStep> script = Stream.of(
                        "boot",
                        "enable-viommu",
                        "map d0 iova=0x1000 length=4KiB",
                        "invalidate d0 iova=0x1000 length=4KiB",
                        "fault d0 iova=0x5000",
                        "bypass d0",
                        "reset")
                .map(GuestStepText::parse)
                .toList();
        assertThat(host.runGuest("vm", script)).hasSize(script.size());
        host.detach("vm", "d0");

        Report report = replay(
                "guest",
                TraceEncoder.encode(TestHost.smmuV3().build(), recorder.take().calls()));

        assertThat(report.unreadable()).isEmpty();
        assertThat(report.differing()).isEmpty();
        assertThat(report.totals()).containsKeys("VEVENTQ_ALLOC ok", "VDEVICE_ALLOC ok", "HWPT_INVALIDATE ok");
    }

    @Test
    void whatOneVmLosesIsNotInTheTraceOfTheNext() throws IOException {
        EmulatedHost host = TestHost.vtd().device(FIRST, 1).device(SECOND, 2).boot();
        host.beginTraces();
        VmAttachRequest one = TestVm.nestedIntel().device().request("d0", FIRST);
        VmAttachRequest two = TestVm.nestedIntel().device().request("d0", SECOND);
        assertThat(host.attach(one)).isInstanceOf(AttachResult.Attached.class);
        assertThat(host.follow(TestHost.vtd().device(SECOND, 2).build())).hasSize(1);
        VmAttachRequest other = new VmAttachRequest(
                "other",
                two.device(),
                two.bdf(),
                two.memoryBytes(),
                two.strict(),
                two.decision(),
                two.resolvedValues());
        assertThat(host.attach(other)).isInstanceOf(AttachResult.Attached.class);

        List<TracePiece> trace = host.trace(new AttachmentId("host", "other", "d0"), 1);

        assertThat(trace).singleElement().satisfies(piece -> {
            assertThat(piece.lines()).noneMatch(line -> line.contains(FIRST.toString()));
            assertThat(replay("other", piece.lines()).agrees()).isTrue();
        });
    }

    @Test
    void aTraceThatIsLongComesInPiecesAndReplaysAsOne() throws IOException {
        EmulatedHost host = TestHost.vtd().boot();
        host.beginTraces();
        TestVm vm = TestVm.nestedIntel().device();
        for (int round = 0; round < 40; round++) {
            assertThat(host.attach(vm.request("d0", FIRST))).isInstanceOf(AttachResult.Attached.class);
            List<GuestStep> script = Stream.of("boot", "enable-viommu", "map d0 iova=0x1000 length=4KiB", "reset")
                    .map(GuestStepText::parse)
                    .toList();
            for (int again = 0; again < 40; again++) {
                host.runGuest("vm", script);
            }
        }

        List<TracePiece> trace = host.trace(new AttachmentId("host", "vm", "d0"), 1);

        assertThat(trace).hasSizeGreaterThan(1).allMatch(piece -> piece.pieces() == trace.size());
        assertThat(trace.getFirst().missed()).isPositive();
        List<String> lines =
                trace.stream().flatMap(piece -> piece.lines().stream()).toList();
        assertThat(replay("long", lines).agrees()).isTrue();
    }

    @Test
    void anAlteredResultIsADifference() throws IOException {
        List<String> trace = record(SETTINGS.getOrDefault("intel nested", new Setting(TestHost::vtd, TestVm::intel)));
        List<String> altered = trace.stream()
                .map(line -> line.replace("\"out_ioas_id\":2", "\"out_ioas_id\":3"))
                .toList();
        assertThat(altered).isNotEqualTo(trace);
        assertThat(replay("altered", altered).differences()).isEqualTo(1);
    }

    @Test
    void everyCallNamesTheStepThatItWasMadeFor() {
        List<String> trace = record(new Setting(TestHost::vtd, TestVm::nestedIntel));
        assertThat(trace)
                .anySatisfy(line ->
                        assertThat(line).contains("\"op\":\"HWPT_ALLOC\"").contains("\"step\":\"HWPT_ALLOC\""));
        assertThat(trace)
                .anySatisfy(line ->
                        assertThat(line).contains("\"op\":\"GET_HW_INFO\"").contains("\"step\":\"REALIZE_HIOD\""));
        assertThat(trace.subList(1, trace.size() - 1)).noneMatch(line -> line.contains("\"step\":\"\""));
    }

    private static List<String> record(Setting setting) {
        EmulatedHost host = setting.host().get().boot();
        TestVm vm = setting.vm().get().device().device();
        TraceRecorder recorder = new TraceRecorder(1000);
        host.kernel().observe(recorder);
        assertThat(host.attach(vm.request("d0", FIRST))).isInstanceOf(AttachResult.Attached.class);
        assertThat(host.attach(vm.request("d1", SECOND))).isInstanceOf(AttachResult.Attached.class);
        host.detach("vm", "d1");
        host.detach("vm", "d0");
        TraceRecorder.Recording recording = recorder.take();
        assertThat(recording.missed()).isZero();
        return TraceEncoder.encode(setting.host().get().build(), recording.calls());
    }

    private Report replay(String name, List<String> trace) throws IOException {
        Path file = directory.resolve(name + ".jsonl");
        Files.write(file, trace);
        return Conformance.replay(List.of(file));
    }
}
