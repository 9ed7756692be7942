/** Tests of the records' JSON and of the tree form of a VM. */
@NullMarked
package io.viommufleet.common.wire;

import org.jspecify.annotations.NullMarked;
