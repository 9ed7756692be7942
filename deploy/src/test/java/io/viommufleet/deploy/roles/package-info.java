/** The roles as operating-system processes of their own, and the controller on a real broker. */
@NullMarked
package io.viommufleet.deploy.roles;

import org.jspecify.annotations.NullMarked;
