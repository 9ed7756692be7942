/**
 * Hosts as data: what a host is and has, from a YAML file or from a tree of sysfs and procfs, the running machine's or one
 * that was captured elsewhere. Nothing here decides anything.
 */
@NullMarked
package io.viommufleet.agent.host;

import org.jspecify.annotations.NullMarked;
