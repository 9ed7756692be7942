/**
 * Traces of what was asked of the emulated kernel, in the form of the recordings made on real kernels, so that what an agent did can be looked at call by
 * call, and replayed.
 */
@NullMarked
package io.viommufleet.agent.trace;

import org.jspecify.annotations.NullMarked;
