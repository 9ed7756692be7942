/** A real Kafka broker inside this process, for the all-in-one fleet, the broker role and the tests. */
@NullMarked
package io.viommufleet.deploy.broker;

import org.jspecify.annotations.NullMarked;
