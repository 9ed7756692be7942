package io.viommufleet.controller.cell;

import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.DecisionRecord;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.Certificate;
import io.viommufleet.common.viommu.ConfigurationError;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.Doom;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.controller.placement.PlacementRulesCheck;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Admits a request: copies the whole VM into its placement and decides, once, with the rules version pinned. */
final class Admitter {
    private Admitter() {}

    /** The truth that a request becomes, and the decision behind it, to be kept for ever. */
    record Admitted(Placement placement, DecisionRecord decision) {}

    static Admitted admit(VirtualMachine request, String digest) {
        VmSpec spec = request.spec();
        String wanted = spec.rulesVersion().orElse(RulesVersion.DEFAULT.toString());
        Optional<RulesVersion> rules = RulesVersion.named(wanted);
        if (rules.isEmpty()) {
            return refused(request, digest, wanted, List.of(unknownRules(wanted)));
        }
        List<ConfigurationError> contradictions = PlacementRulesCheck.of(spec.placement());
        if (!contradictions.isEmpty()) {
            return refused(request, digest, wanted, contradictions);
        }
        return switch (spec.configuration().decide(rules.get())) {
            case Decision.Refused refused -> refused(request, digest, wanted, refused.errors());
            case Decision.Decided decided -> decided(request, digest, decided);
        };
    }

    private static Admitted refused(
            VirtualMachine request, String digest, String rules, List<ConfigurationError> errors) {
        ConfigurationError first = errors.getFirst();
        String reason = "%s=%s: %s (%s)".formatted(first.property(), first.value(), first.message(), first.rule());
        Placement placement = placement(request, digest, Optional.empty(), Phase.REFUSED, reason, errors);
        return new Admitted(
                placement,
                new DecisionRecord(
                        request.key(), rules, request.spec().configuration(), Optional.empty(), errors, List.of()));
    }

    private static Admitted decided(VirtualMachine request, String digest, Decision.Decided decided) {
        ConfigurationSpec canonical = ConfigurationSpec.of(decided.canonical());
        Certificate certificate = decided.certificate();
        List<Doom> doomed = decided.doomed();
        Optional<Placement.Admission> admission = Optional.of(new Placement.Admission(canonical, certificate, doomed));
        Placement placement = doomed.isEmpty()
                ? placement(request, digest, admission, Phase.PENDING, "", List.of())
                : placement(request, digest, admission, Phase.INFEASIBLE, words(doomed.getFirst()), List.of());
        return new Admitted(
                placement,
                new DecisionRecord(
                        request.key(),
                        certificate.rulesVersion().toString(),
                        canonical,
                        Optional.of(certificate),
                        List.of(),
                        doomed));
    }

    private static String words(Doom doom) {
        return "no host can attach %s: %s (%s)".formatted(doom.device(), doom.message(), doom.rule());
    }

    private static Placement placement(
            VirtualMachine request,
            String digest,
            Optional<Placement.Admission> admission,
            Phase phase,
            String reason,
            List<ConfigurationError> errors) {
        return new Placement(
                request.metadata(),
                request.spec(),
                digest,
                Optional.empty(),
                admission,
                phase,
                reason,
                errors,
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of());
    }

    private static ConfigurationError unknownRules(String wanted) {
        String known =
                Arrays.stream(RulesVersion.values()).map(RulesVersion::toString).collect(Collectors.joining(", "));
        return new ConfigurationError(
                "rulesVersion", wanted, "unknown-rules-version", "this controller knows the rules versions " + known);
    }
}
