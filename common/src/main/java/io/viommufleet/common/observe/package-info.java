/**
 * What every role shows of itself over HTTP: metrics for Prometheus, and health.
 *
 * <p>Meters are named in code with dots ({@code viommu.host.attached}), without unit or {@code total}: the registry adds
 * those. Never a label with an unbounded set of values.
 */
@NullMarked
package io.viommufleet.common.observe;

import org.jspecify.annotations.NullMarked;
