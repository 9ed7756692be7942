/** How cells are shared out among controllers. */
@NullMarked
package io.viommufleet.common.kafka;

import org.jspecify.annotations.NullMarked;
