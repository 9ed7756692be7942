/** Proof of the input parsers. */
@NullMarked
package io.viommufleet.common.input;

import org.jspecify.annotations.NullMarked;
