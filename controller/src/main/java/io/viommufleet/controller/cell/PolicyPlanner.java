package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.Policy.Rule;
import io.viommufleet.common.model.PolicyState;
import io.viommufleet.common.wire.RecordCodec;
import java.util.Optional;

/** Takes policies in, or says why not; a refused one leaves what held before. */
final class PolicyPlanner {
    private final Draft draft;
    private final Tenants tenants;

    PolicyPlanner(Draft draft, Tenants tenants) {
        this.draft = draft;
        this.tenants = tenants;
    }

    void plan(String name) {
        Policy request = draft.state().policies().get(name);
        if (request == null) {
            return;
        }
        Optional<PolicyState> known =
                Optional.ofNullable(draft.state().policyStates().get(name)).map(Owned::value);
        String digest = RecordCodec.digest(request);
        if (known.filter(state -> state.observedRequest().equals(digest)).isEmpty()) {
            draft.put(answer(request, digest, known.flatMap(PolicyState::rule)));
        }
    }

    private PolicyState answer(Policy request, String digest, Optional<Rule> before) {
        if (request.deleted()) {
            return new PolicyState(request.key(), Optional.empty(), digest, Optional.empty());
        }
        Optional<String> refusal = refusal(request.rule());
        return new PolicyState(
                request.key(), refusal.isPresent() ? before : Optional.of(request.rule()), digest, refusal);
    }

    private Optional<String> refusal(Rule rule) {
        return switch (rule) {
            case Rule.Quota quota ->
                Tenants.excess(quota, tenants.of(quota.tenant()))
                        .map(excess -> "tenant %s already has %s; delete VMs first, or allow as much"
                                .formatted(quota.tenant(), excess));
            case Rule.Pool pool ->
                pool.tenants().isEmpty()
                        ? Optional.of("a pool without tenants is for nobody: name at least one")
                        : Optional.empty();
            case Rule.Limits _ -> Optional.empty();
        };
    }
}
