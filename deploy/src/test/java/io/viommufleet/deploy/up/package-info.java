/** The whole fleet on this machine, as users run it. */
@NullMarked
package io.viommufleet.deploy.up;

import org.jspecify.annotations.NullMarked;
