/** Tests of what the agent keeps on disk. The agent on a real Kafka is tested in the module that has a broker. */
@NullMarked
package io.viommufleet.agent.app;

import org.jspecify.annotations.NullMarked;
