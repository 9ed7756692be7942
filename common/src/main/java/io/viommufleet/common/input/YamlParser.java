package io.viommufleet.common.input;

import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.viommu.ConfigurationError;
import io.viommufleet.common.viommu.Names;
import io.viommufleet.common.wire.PolicyTree;
import io.viommufleet.common.wire.TreeError;
import io.viommufleet.common.wire.TreeResult;
import io.viommufleet.common.wire.UnknownKeys;
import io.viommufleet.common.wire.VmTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Our YAML: VMs, hosts and policies, any number in a file. An unknown key is an error. */
public final class YamlParser {
    private YamlParser() {}

    /** Reads every document of a file; an error in its syntax ends it. */
    public static List<ParsedDocument> read(String source, byte[] bytes) {
        YamlTrees trees = YamlTrees.read(bytes);
        List<ParsedDocument> documents = new ArrayList<>();
        trees.documents().forEach(tree -> documents.add(read(source, tree)));
        if (!trees.errors().isEmpty()) {
            documents.add(new ParsedDocument.Unusable(source, "", trees.errors()));
        }
        return documents;
    }

    /** What became of reading an overlay: it, or every error in it. */
    public sealed interface Overlay {
        /** It could be read. */
        record Read(HostOverlay overlay) implements Overlay {}

        /** It could not. */
        record Unreadable(List<ConfigurationError> errors) implements Overlay {
            public Unreadable {
                errors = List.copyOf(errors);
            }
        }
    }

    /** Reads the one, partial host document that adds to a scan of sysfs. */
    public static Overlay readOverlay(byte[] bytes) {
        if (bytes.length > Inputs.MAX_BYTES) {
            return new Overlay.Unreadable(List.of(new ConfigurationError(
                    "", "", "too-large", "an overlay has at most %d bytes".formatted(Inputs.MAX_BYTES))));
        }
        YamlTrees trees = YamlTrees.read(bytes);
        if (!trees.errors().isEmpty()) {
            return new Overlay.Unreadable(trees.errors());
        }
        if (trees.documents().size() != 1) {
            return new Overlay.Unreadable(List.of(new ConfigurationError(
                    "",
                    "",
                    "one-document",
                    "an overlay is one document of kind Host, and there are %d"
                            .formatted(trees.documents().size()))));
        }
        HostTree.Result result = HostTree.read(trees.documents().getFirst(), false);
        List<TreeError> errors = result.reader().errors();
        return errors.isEmpty() ? new Overlay.Read(result.overlay()) : new Overlay.Unreadable(errors(errors));
    }

    private static ParsedDocument read(String source, JsonNode tree) {
        String kind = tree.path("kind").asString("");
        String name = tree.path("metadata").path("name").asString("");
        return switch (kind) {
            case VmTree.KIND -> vm(source, name, tree);
            case HostTree.KIND -> host(source, name, tree);
            case PolicyTree.KIND -> policy(source, name, tree);
            default -> new ParsedDocument.Unusable(source, name, List.of(unknownKind(kind)));
        };
    }

    private static ParsedDocument vm(String source, String name, JsonNode tree) {
        TreeResult<VirtualMachine> result = VmTree.read(tree, UnknownKeys.REFUSED);
        Optional<VirtualMachine> vm = result.value();
        return vm.isPresent()
                ? new ParsedDocument.Vm(source, vm.get())
                : new ParsedDocument.Unusable(source, name, errors(result.errors()));
    }

    private static ParsedDocument host(String source, String name, JsonNode tree) {
        HostTree.Result result = HostTree.read(tree, true);
        List<TreeError> errors = result.reader().errors();
        return errors.isEmpty()
                ? new ParsedDocument.Host(source, result.overlay().alone())
                : new ParsedDocument.Unusable(source, name, errors(errors));
    }

    private static ParsedDocument policy(String source, String name, JsonNode tree) {
        TreeResult<Policy> result = PolicyTree.read(tree, UnknownKeys.REFUSED);
        return result.value()
                .<ParsedDocument>map(policy -> new ParsedDocument.Policy(source, policy))
                .orElseGet(() -> new ParsedDocument.Unusable(source, name, errors(result.errors())));
    }

    private static List<ConfigurationError> errors(List<TreeError> errors) {
        return errors.stream()
                .map(error -> new ConfigurationError(error.path(), error.value(), rule(error), error.message()))
                .toList();
    }

    private static String rule(TreeError error) {
        if (error.message().startsWith("unknown key")) {
            return "unknown-key";
        }
        return error.message().startsWith("missing") ? "missing" : "bad-value";
    }

    private static ConfigurationError unknownKind(String kind) {
        List<String> known = List.of(VmTree.KIND, HostTree.KIND, PolicyTree.KIND);
        String hint = Names.nearest(kind, known)
                .map("did you mean %s?"::formatted)
                .orElse("known are " + String.join(", ", known));
        return new ConfigurationError("kind", Text.shown(kind), "unknown-kind", "unknown kind: " + hint);
    }
}
