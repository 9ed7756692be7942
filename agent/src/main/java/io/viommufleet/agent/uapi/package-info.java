/**
 * The emulated kernel's system-call boundary: the structs of the iommufd and VFIO ioctls as bytes, with the names, offsets and sizes of the uapi headers,
 * and the rules by which a kernel takes a struct of another size than its own. Behind it stand the typed calls of {@code iommufd} and {@code vfio}.
 */
@NullMarked
package io.viommufleet.agent.uapi;

import org.jspecify.annotations.NullMarked;
