package io.viommufleet.agent.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.viommufleet.agent.core.HostReset;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.observe.FleetMeters;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** The agent's own metrics. */
final class AgentMeters {
    private static final String NONE = "none";

    private final FleetMeters meters;
    private long drift;

    AgentMeters(MeterRegistry registry, Supplier<AgentStatus> status) {
        meters = new FleetMeters(registry);
        meters.states(
                "attachments",
                "Attachments of this host by state",
                DeviceState.class,
                state -> status.get().attachments().getOrDefault(state, 0));
        meters.gauge(
                "log.lag", "Records of the log not read yet", () -> status.get().lag());
        meters.gauge("build.info", "Constant 1, with the version", () -> 1, "version", version());
        driftBy(0);
        rejected(0);
    }

    void answered(Outcome outcome) {
        Optional<AttachFailure> failure = outcome.failure();
        String step = failure.map(AttachFailure::step).map(FleetMeters::word).orElse(NONE);
        String errno = failure.flatMap(AttachFailure::errno).orElse(NONE);
        meters.counter(
                        "outcomes",
                        "Answers to commands by state, failing step and errno",
                        "state",
                        FleetMeters.word(outcome.state()),
                        "step",
                        step,
                        "errno",
                        errno)
                .increment();
        outcome.unmet()
                .forEach(flag -> meters.counter("unmet.wants", "Wants that a host let go, by flag", "flag", flag)
                        .increment());
        if (outcome.state() == DeviceState.ATTACHED || tried(outcome)) {
            meters.timer(
                            "attach.duration",
                            "How long the attach path took",
                            "outcome",
                            FleetMeters.word(outcome.state()))
                    .record(Duration.ofNanos(outcome.durationNanos()));
        }
    }

    private static boolean tried(Outcome outcome) {
        return outcome.state() == DeviceState.FAILED
                && outcome.failure()
                        .filter(why -> why.step() != AttachStep.VERIFY)
                        .isPresent();
    }

    /** The host was reset. */
    void reset(HostReset why) {
        meters.counter("host.resets", "Resets of the host by its own agent, by reason", "reason", FleetMeters.word(why))
                .increment();
    }

    void rejected(long records) {
        meters.counter("rejected.records", "Records that could not be read or were refused")
                .increment((double) records);
    }

    /** Takes the core's count so far. */
    void drift(long total) {
        driftBy(total - drift);
        drift = total;
    }

    private void driftBy(long more) {
        meters.counter("decision.drift", "Certificates that did not follow from their configuration; must be 0")
                .increment((double) more);
    }

    private static String version() {
        return Optional.ofNullable(AgentMeters.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}
