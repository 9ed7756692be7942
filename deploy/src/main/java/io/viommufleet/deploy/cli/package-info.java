/** The {@code fleet} command: what a user types, and how the answers look. */
@NullMarked
package io.viommufleet.deploy.cli;

import org.jspecify.annotations.NullMarked;
