/**
 * The fleet's topics on Kafka: how they are laid out, which partition a record belongs in, and reading and writing them.
 *
 * <p>No policy lives here: what a record means is for its readers to decide. Only Kafka's public client API is used.
 */
@NullMarked
package io.viommufleet.common.kafka;

import org.jspecify.annotations.NullMarked;
