/** Tests of what hosts can do: registers bit by bit, the checks of each vIOMMU model, and drift between boots. */
@NullMarked
package io.viommufleet.common.feasibility;

import org.jspecify.annotations.NullMarked;
