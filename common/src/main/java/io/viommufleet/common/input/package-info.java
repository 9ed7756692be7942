/**
 * What users write, read: libvirt domain XML, files of QEMU arguments, and our own YAML of VMs and hosts.
 *
 * <p>All of it is text from strangers: sizes and depths are bounded, nothing outside the file is ever read, and what is
 * wrong becomes an error with property, value, rule and message, never an exception. XML and arguments become the same
 * list of QEMU devices first, so that one VM has one meaning in both spellings.
 */
@NullMarked
package io.viommufleet.common.input;

import org.jspecify.annotations.NullMarked;
