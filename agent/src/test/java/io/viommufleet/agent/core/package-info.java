/** Tests of the agent's state machine: scenarios, random sequences with invariants, and the diagram in its documentation. */
@NullMarked
package io.viommufleet.agent.core;

import org.jspecify.annotations.NullMarked;
