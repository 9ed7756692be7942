/** Replays traces recorded on real kernels on the emulation, and tells every difference. */
@NullMarked
package io.viommufleet.agent.conformance;

import org.jspecify.annotations.NullMarked;
