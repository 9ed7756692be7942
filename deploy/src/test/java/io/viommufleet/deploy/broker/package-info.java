/** Tests of the broker, and the one that all end-to-end tests of a JVM share. */
@NullMarked
package io.viommufleet.deploy.broker;

import org.jspecify.annotations.NullMarked;
