/**
 * The rules of a VM's life that need no more than the records at hand: whose fault a failure was and whether to try again, what
 * may change while a VM runs, which commands each stage of a movement wants, what is in the way of a migration.
 *
 * <p>Pure: no clock, no state. {@link io.viommufleet.controller.cell} asks them and writes what follows.
 */
@NullMarked
package io.viommufleet.controller.lifecycle;

import org.jspecify.annotations.NullMarked;
