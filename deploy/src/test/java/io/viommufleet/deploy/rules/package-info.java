/** Rules that hold for the sources and classes of all modules. */
@NullMarked
package io.viommufleet.deploy.rules;

import org.jspecify.annotations.NullMarked;
