/**
 * Records as JSON, and the tree form of a VM that JSON and YAML share.
 *
 * <p>One envelope around one whole value; enums in upper case as the code has them ({@code RUNNING}), except for QEMU's and
 * the user's own words ({@code pcie-root-port}, {@code intel-vtd}); registers and addresses as {@code "0x…"} text, because
 * JSON numbers lose 64-bit values. Readers tolerate unknown fields in what the fleet's own roles write, and refuse them in
 * what users write, where an unknown key is a typing error.
 */
@NullMarked
package io.viommufleet.common.wire;

import org.jspecify.annotations.NullMarked;
