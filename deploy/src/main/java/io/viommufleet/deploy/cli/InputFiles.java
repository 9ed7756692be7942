package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.input.Inputs;
import io.viommufleet.common.input.ParsedDocument;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.VirtualMachine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The VMs and policies that files and directories hold. */
final class InputFiles {
    private static final String STANDARD_INPUT = "-";

    private final List<VirtualMachine> vms = new ArrayList<>();
    private final List<Policy> policies = new ArrayList<>();

    private InputFiles() {}

    /**
     * Reads all of them, in order of path.
     *
     * @throws FleetException if a file cannot be read or is no usable VM or policy, or two of one cell have one name
     */
    static InputFiles read(List<String> paths, InputStream in) {
        InputFiles files = new InputFiles();
        for (String path : paths) {
            if (path.equals(STANDARD_INPUT)) {
                files.take("standard input", bytes(in, path), true);
            } else if (Files.isDirectory(Path.of(path))) {
                entries(Path.of(path)).forEach(file -> files.take(file.toString(), bytes(file), false));
            } else {
                files.take(path, bytes(Path.of(path)), true);
            }
        }
        requireDistinct("VMs", files.vms, VirtualMachine::metadata);
        requireDistinct("policies", files.policies, Policy::metadata);
        return files;
    }

    /** The VMs, in order of path. */
    List<VirtualMachine> vms() {
        return vms;
    }

    /** The policies, in order of path. */
    List<Policy> policies() {
        return policies;
    }

    private static <T> void requireDistinct(String what, List<T> all, Function<T, Metadata> of) {
        Set<List<Object>> names = new HashSet<>();
        for (T one : all) {
            Metadata metadata = of.apply(one);
            if (!names.add(List.of(metadata.cell(), metadata.name()))) {
                throw new FleetException(
                        FleetError.USAGE,
                        "two %s of cell %d are named %s; a name is unique in its cell"
                                .formatted(what, metadata.cell(), metadata.name()));
            }
        }
    }

    private void take(String source, byte[] bytes, boolean named) {
        List<ParsedDocument> documents = Inputs.read(source, bytes);
        if (named && documents.isEmpty()) {
            throw new FleetException(
                    FleetError.USAGE,
                    "%s: no known format: neither libvirt XML, QEMU arguments nor our YAML".formatted(source));
        }
        for (ParsedDocument document : documents) {
            switch (document) {
                case ParsedDocument.Vm(String _, VirtualMachine vm) -> vms.add(vm);
                case ParsedDocument.Policy(String _, Policy policy) -> policies.add(policy);
                case ParsedDocument.Host _ -> {
                    if (named) {
                        throw new FleetException(
                                FleetError.USAGE,
                                "%s is a host: hosts are published by their agents, not applied".formatted(source));
                    }
                }
                case ParsedDocument.Unusable unusable -> throw unusable(unusable);
            }
        }
    }

    private static FleetException unusable(ParsedDocument.Unusable document) {
        return new FleetException(
                FleetError.USAGE,
                "%s: %s is not usable: %s"
                        .formatted(
                                document.source(),
                                document.name().isEmpty() ? "a document" : document.name(),
                                document.errors().stream()
                                        .map(error -> error.property() + ": " + error.message())
                                        .collect(Collectors.joining("; "))));
    }

    private static List<Path> entries(Path directory) {
        try (Stream<Path> walk = Files.list(directory)) {
            return walk.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException failure) {
            throw unreadable(directory.toString(), failure);
        }
    }

    private static byte[] bytes(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return bytes(in, file.toString());
        } catch (IOException failure) {
            throw unreadable(file.toString(), failure);
        }
    }

    private static byte[] bytes(InputStream in, String source) {
        try {
            return in.readNBytes(Inputs.MAX_BYTES + 1);
        } catch (IOException failure) {
            throw unreadable(source, failure);
        }
    }

    private static FleetException unreadable(String source, IOException failure) {
        boolean missing = failure instanceof NoSuchFileException;
        return new FleetException(
                missing ? FleetError.NOT_FOUND : FleetError.FAILED,
                missing ? "%s does not exist".formatted(source) : "%s cannot be read: %s".formatted(source, failure),
                failure);
    }
}
