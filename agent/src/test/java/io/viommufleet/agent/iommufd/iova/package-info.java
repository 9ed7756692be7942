/** The geometry of IOVA spaces against a model that is too simple to be wrong. */
@NullMarked
package io.viommufleet.agent.iommufd.iova;

import org.jspecify.annotations.NullMarked;
