/**
 * Where a VM can run: filters with reasons, the matching of guest devices with host devices, scoring.
 *
 * <p>Pure: the same VM and the same hosts give the same answer, ties included.
 */
@NullMarked
package io.viommufleet.controller.placement;

import org.jspecify.annotations.NullMarked;
