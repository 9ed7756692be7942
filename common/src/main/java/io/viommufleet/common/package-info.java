/** What every part of the fleet shares: here, the one exception that carries an error to whoever asked. */
@NullMarked
package io.viommufleet.common;

import org.jspecify.annotations.NullMarked;
