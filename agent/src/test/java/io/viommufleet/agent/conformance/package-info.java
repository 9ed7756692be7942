/** Traces of real kernels, replayed. */
@NullMarked
package io.viommufleet.agent.conformance;

import org.jspecify.annotations.NullMarked;
