package io.viommufleet.controller.cell;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VirtualMachine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random lives of a cell: requests, answers, failures, restarts and take-overs in any order. */
class CellRandomTest {
    private static final int RUNS = 25;
    private static final int EVENTS = 150;
    private static final List<String> ERRNOS = List.of("EOPNOTSUPP", "ENOMEM", "EIO");

    private final CellHarness fleet = new CellHarness();
    private final Map<String, Life> lives = new TreeMap<>();
    private final Map<String, VirtualMachine> requested = new TreeMap<>();
    private int started;

    private record Life(String boot, String incarnation) {}

    static LongStream seeds() {
        String given = System.getProperty("seed");
        if (given != null) {
            return LongStream.of(Long.parseLong(given));
        }
        long first = System.nanoTime();
        return LongStream.range(first, first + RUNS);
    }

    @ParameterizedTest(name = "-Dseed={0}")
    @MethodSource("seeds")
    void noDeviceIsEverGivenTwiceAndEveryVmSettles(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (String host : List.of("nest-a", "nest-b", "flat-a")) {
            start(host, "boot-" + host, random.nextInt(1, 4));
        }
        for (int i = 0; i < EVENTS; i++) {
            event(random);
            fleet.settle();
            assertNoDeviceIsGivenTwice();
            assertEveryVmIsOnOneHost();
        }
        comeToRest();
        assertThat(phases()).doesNotContainValue(Phase.PLACING);
        assertThat(undone()).as("commands that nobody answered").isEmpty();
        assertThat(operations()).as("operations").doesNotContainValue(OperationProgress.State.RUNNING);
    }

    private void event(SplittableRandom random) {
        switch (random.nextInt(12)) {
            case 0, 1 -> request(random);
            case 2 -> delete(random);
            case 3, 4, 5 -> answer(random);
            case 6 -> restart(random);
            case 7 -> fleet.pass(Duration.ofMillis(random.nextInt(12_000)));
            case 8 -> takeOver();
            case 9, 10 -> operate(random);
            case 11 -> failDetach(random);
            default -> throw new AssertionError();
        }
    }

    private void start(String host, String boot, int devices) {
        Life life = new Life(boot, "life-" + ++started);
        lives.put(host, life);
        fleet.agent(life.boot(), life.incarnation(), CellHarness.host(host, devices));
    }

    private void request(SplittableRandom random) {
        String name = "vm" + random.nextInt(6);
        VirtualMachine vm = random.nextBoolean()
                ? CellHarness.vm(name, random.nextInt(1, 3))
                : CellHarness.vm(name, random.nextInt(1, 3), random.nextBoolean() ? "flat-a" : "nest-a");
        requested.put(name, vm);
        fleet.user(vm);
    }

    private void delete(SplittableRandom random) {
        if (!requested.isEmpty()) {
            List<VirtualMachine> all = List.copyOf(requested.values());
            fleet.user(CellHarness.deleted(all.get(random.nextInt(all.size()))));
        }
    }

    private void operate(SplittableRandom random) {
        String host = List.copyOf(lives.keySet()).get(random.nextInt(lives.size()));
        String vm = "vm" + random.nextInt(6);
        Action action = switch (random.nextInt(8)) {
            case 0 -> new Action.Cordon(host);
            case 1 -> new Action.Uncordon(host);
            case 2 -> new Action.Drain(host, MigrationMode.COLD, Optional.of(1 + random.nextInt(2)));
            case 3, 4 -> new Action.Migrate(vm, Optional.empty(), MigrationMode.COLD);
            case 5 -> new Action.Cancel("op" + random.nextInt(started + 1));
            case 6 -> new Action.Release(host, Optional.empty());
            default -> new Action.Fence(host, true);
        };
        fleet.user(new Operation("op" + ++started, 0, action));
        if (action instanceof Action.Fence && random.nextBoolean()) {
            fleet.settle();
            start(host, "boot-" + ++started, 3);
        }
    }

    /** A device that cannot be detached or reset. */
    private void failDetach(SplittableRandom random) {
        List<Attachment> open = undone().stream()
                .filter(command -> command.desired() == Attachment.Desired.DETACHED)
                .toList();
        if (!open.isEmpty()) {
            AttachmentId id = open.get(random.nextInt(open.size())).id();
            fleet.fail(id.host(), id.vm(), id.device(), "EIO");
        }
    }

    private void answer(SplittableRandom random) {
        List<Attachment> open = undone();
        if (!open.isEmpty()) {
            Attachment command = open.get(random.nextInt(open.size()));
            AttachmentId id = command.id();
            if (random.nextInt(5) == 0 && command.desired() == Attachment.Desired.ATTACHED) {
                fleet.fail(id.host(), id.vm(), id.device(), ERRNOS.get(random.nextInt(ERRNOS.size())));
            } else {
                fleet.carryOut(id.host(), id.vm(), id.device());
            }
        }
    }

    private void restart(SplittableRandom random) {
        List<Map.Entry<String, Life>> hosts = List.copyOf(lives.entrySet());
        Map.Entry<String, Life> host = hosts.get(random.nextInt(hosts.size()));
        Life old = host.getValue();
        fleet.heartbeat(host.getKey(), old.boot(), old.incarnation(), random.nextBoolean());
        boolean reboot = random.nextInt(3) == 0;
        start(host.getKey(), reboot ? "boot-" + ++started : old.boot(), 3);
    }

    /** A new leader that knows only the log plans nothing that the old one had not planned. */
    private void takeOver() {
        everyAgentBeats();
        fleet.settle();
        fleet.takeOver();
        everyAgentBeats();
        assertThat(fleet.cell.plan(fleet.nowNanos))
                .as("steps repeated after a take-over")
                .isEmpty();
    }

    private void everyAgentBeats() {
        lives.forEach((host, life) -> fleet.heartbeat(host, life.boot(), life.incarnation(), false));
    }

    /** Hosts that were fenced boot again; what is quarantined stays so. */
    private void comeToRest() {
        lives.keySet().stream()
                .filter(host -> fleet.hostState(host).lost().isPresent())
                .forEach(host -> start(host, "boot-" + ++started, 3));
        for (int round = 0; round < 20; round++) {
            fleet.pass(Duration.ofSeconds(11));
            fleet.settle();
            everyAgentBeats();
            fleet.settle();
            undone().forEach(open ->
                    fleet.carryOut(open.id().host(), open.id().vm(), open.id().device()));
            fleet.settle();
        }
    }

    private Map<AttachmentId, Attachment> latest() {
        Map<AttachmentId, Attachment> latest = new LinkedHashMap<>();
        fleet.log.forEach(envelope -> {
            if (envelope.value() instanceof Attachment attachment) {
                latest.put(attachment.id(), attachment);
            }
        });
        return latest;
    }

    private Map<AttachmentId, Long> generations() {
        Map<AttachmentId, Long> generations = new HashMap<>();
        for (Envelope envelope : fleet.log) {
            if (envelope.value() instanceof Attachment attachment) {
                generations.put(attachment.id(), envelope.generation());
            }
        }
        return generations;
    }

    private Map<AttachmentId, Outcome> outcomes() {
        Map<AttachmentId, Outcome> outcomes = new HashMap<>();
        for (Envelope envelope : fleet.log) {
            if (envelope.value() instanceof Outcome outcome) {
                outcomes.put(outcome.id(), outcome);
            }
        }
        return outcomes;
    }

    /** Commands without an answer, for the agents that live now: others are dead and answer nothing. */
    private List<Attachment> undone() {
        Map<AttachmentId, Long> generations = generations();
        Map<AttachmentId, Outcome> outcomes = outcomes();
        List<Attachment> open = new ArrayList<>();
        latest().forEach((id, attachment) -> {
            Outcome outcome = outcomes.get(id);
            boolean answered = outcome != null && outcome.attachmentGeneration() == generations.getOrDefault(id, 0L);
            Life life = lives.get(id.host());
            if (!answered && life != null && attachment.incarnation().equals(life.incarnation())) {
                open.add(attachment);
            }
        });
        return open;
    }

    /** Boots that were declared to be over; what they had is nobody's. */
    private Set<String> fencedBoots() {
        Set<String> fenced = new HashSet<>();
        fleet.log.forEach(envelope -> {
            if (envelope.value() instanceof HostState state) {
                fenced.addAll(state.fencedBoots());
            }
        });
        return fenced;
    }

    private boolean confirmedFree(Attachment attachment) {
        if (fencedBoots().contains(attachment.boot())) {
            return true;
        }
        Outcome outcome = outcomes().get(attachment.id());
        return attachment.desired() == Attachment.Desired.DETACHED
                && outcome != null
                && outcome.state() == DeviceState.DETACHED
                && outcome.attachmentGeneration() == generations().getOrDefault(attachment.id(), 0L);
    }

    private void assertNoDeviceIsGivenTwice() {
        Map<String, String> holder = new HashMap<>();
        latest().values().stream()
                .filter(attachment -> !confirmedFree(attachment))
                .forEach(attachment -> {
                    Bdf bdf = attachment.bdf();
                    String other = holder.put(attachment.id().host() + " " + bdf, attachment.key());
                    assertThat(other).as("who else holds %s", bdf).isNull();
                });
    }

    private void assertEveryVmIsOnOneHost() {
        Map<String, String> hostByVm = new HashMap<>();
        latest().values().stream()
                .filter(attachment -> attachment.desired() == Attachment.Desired.ATTACHED)
                .filter(attachment -> !fencedBoots().contains(attachment.boot()))
                .forEach(attachment -> {
                    String other =
                            hostByVm.put(attachment.id().vm(), attachment.id().host());
                    assertThat(other).isIn(null, attachment.id().host());
                });
    }

    private Map<String, OperationProgress.State> operations() {
        Map<String, OperationProgress.State> states = new TreeMap<>();
        fleet.log.forEach(envelope -> {
            if (envelope.value() instanceof OperationProgress progress) {
                states.put(progress.id(), progress.state());
            }
        });
        return states;
    }

    private Map<String, Phase> phases() {
        Map<String, Phase> phases = new TreeMap<>();
        fleet.log.forEach(envelope -> {
            if (envelope.value() instanceof Placement placement) {
                phases.put(placement.key(), placement.phase());
            }
        });
        return phases;
    }
}
