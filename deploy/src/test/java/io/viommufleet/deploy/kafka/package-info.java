/** The fleet's topics, readers and writers on a real broker. */
@NullMarked
package io.viommufleet.deploy.kafka;

import org.jspecify.annotations.NullMarked;
