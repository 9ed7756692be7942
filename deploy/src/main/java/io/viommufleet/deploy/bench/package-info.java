/** Benchmarks of the emulated stack, each told as a ratio to a floor that is measured in the same run. */
@NullMarked
package io.viommufleet.deploy.bench;

import org.jspecify.annotations.NullMarked;
