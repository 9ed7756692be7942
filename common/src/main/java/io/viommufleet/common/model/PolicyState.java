package io.viommufleet.common.model;

import java.util.Optional;

/**
 * What became of a policy.
 *
 * @param name of the policy
 * @param rule that holds; empty where none does
 * @param observedRequest digest of the last request that was answered
 * @param refused why that request did not change the rule, where it did not
 */
public record PolicyState(String name, Optional<Policy.Rule> rule, String observedRequest, Optional<String> refused)
        implements FleetRecord {
    /** What keys begin with, on the topic that operations share. */
    public static final String KEY_PREFIX = "policy/";

    @Override
    public FleetTopic topic() {
        return FleetTopic.PROGRESS;
    }

    @Override
    public String key() {
        return KEY_PREFIX + name;
    }
}
