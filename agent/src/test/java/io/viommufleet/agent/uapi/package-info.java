/** Tests of the system-call boundary with real bytes. */
@NullMarked
package io.viommufleet.agent.uapi;

import org.jspecify.annotations.NullMarked;
