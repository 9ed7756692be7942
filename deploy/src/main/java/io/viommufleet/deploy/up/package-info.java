/** Everything on one machine: a broker, a controller and one agent per host in this process. */
@NullMarked
package io.viommufleet.deploy.up;

import org.jspecify.annotations.NullMarked;
