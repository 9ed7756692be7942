package io.viommufleet.controller.placement;

/**
 * How many hosts could take a VM over unchanged, besides those where it has something already.
 *
 * @param able hosts that take work and could serve it, were they empty
 * @param now those of them that have room for it now
 */
public record Reach(int able, int now) {
    /** Whether no other host has room. */
    public boolean stranded() {
        return now == 0;
    }
}
