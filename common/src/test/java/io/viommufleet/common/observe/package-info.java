/** Tests of metrics and health over HTTP. */
@NullMarked
package io.viommufleet.common.observe;

import org.jspecify.annotations.NullMarked;
