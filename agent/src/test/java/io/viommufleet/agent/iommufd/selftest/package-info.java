/** The tables of what iommufd answers, row by row, on the emulated kernel with its test module. */
@NullMarked
package io.viommufleet.agent.iommufd.selftest;

import org.jspecify.annotations.NullMarked;
