/** Proof that each benchmark does the work that it is named for; nothing is timed here. */
@NullMarked
package io.viommufleet.deploy.bench;

import org.jspecify.annotations.NullMarked;
