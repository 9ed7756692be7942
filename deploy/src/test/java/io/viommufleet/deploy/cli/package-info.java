/** The command as a user meets it. */
@NullMarked
package io.viommufleet.deploy.cli;

import org.jspecify.annotations.NullMarked;
