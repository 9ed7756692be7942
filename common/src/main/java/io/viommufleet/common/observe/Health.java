package io.viommufleet.common.observe;

import java.util.List;

/** A role's health, asked for on each request, from any thread; an answer must come at once. */
public interface Health {
    /** Whether the process can still do its work at all; if not, it is to be restarted. Depends on nothing outside. */
    List<Check> live();

    /** Whether it can do its work now: connected, caught up. */
    List<Check> ready();

    /** Whether it has finished starting. */
    List<Check> started();
}
