/**
 * The agent as a program: Kafka, files, the clock and metrics around {@link io.viommufleet.agent.core.AgentCore}, which
 * decides. {@link io.viommufleet.agent.app.AgentApp} is the entry.
 *
 * <p>One thread runs everything: it polls the log, looks at the host at intervals, and hands each event to the core. What
 * comes back goes to the journal first, then to Kafka, then the operation runs and its result is the next event.
 */
@NullMarked
package io.viommufleet.agent.app;

import org.jspecify.annotations.NullMarked;
