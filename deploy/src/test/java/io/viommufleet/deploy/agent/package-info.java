/** The agent as a program, on a real Kafka. */
@NullMarked
package io.viommufleet.deploy.agent;

import org.jspecify.annotations.NullMarked;
