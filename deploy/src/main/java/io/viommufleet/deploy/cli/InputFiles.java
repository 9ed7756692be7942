package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.input.Inputs;
import io.viommufleet.common.input.ParsedDocument;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.viommu.ConfigurationError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The VMs that files and directories hold. */
final class InputFiles {
    private static final String STANDARD_INPUT = "-";

    private InputFiles() {}

    /**
     * Every VM, in order of path.
     *
     * @throws FleetException if a file cannot be read or is no usable VM, or two VMs of one cell have one name
     */
    static List<VirtualMachine> vms(List<String> paths, InputStream in) {
        List<VirtualMachine> vms = new ArrayList<>();
        for (String path : paths) {
            if (path.equals(STANDARD_INPUT)) {
                take("standard input", bytes(in, path), true, vms);
            } else if (Files.isDirectory(Path.of(path))) {
                entries(Path.of(path)).forEach(file -> take(file.toString(), bytes(file), false, vms));
            } else {
                take(path, bytes(Path.of(path)), true, vms);
            }
        }
        Set<List<Object>> names = new HashSet<>();
        for (VirtualMachine vm : vms) {
            if (!names.add(List.of(vm.metadata().cell(), vm.key()))) {
                throw new FleetException(
                        FleetError.USAGE,
                        "two VMs of cell %d are named %s; a name is unique in its cell"
                                .formatted(vm.metadata().cell(), vm.key()));
            }
        }
        return vms;
    }

    private static void take(String source, byte[] bytes, boolean named, List<VirtualMachine> vms) {
        List<ParsedDocument> documents = Inputs.read(source, bytes);
        if (named && documents.isEmpty()) {
            throw new FleetException(
                    FleetError.USAGE,
                    "%s: no known format: neither libvirt XML, QEMU arguments nor our YAML".formatted(source));
        }
        for (ParsedDocument document : documents) {
            switch (document) {
                case ParsedDocument.Vm(String _, VirtualMachine vm) -> vms.add(vm);
                case ParsedDocument.Host _ -> {
                    if (named) {
                        throw new FleetException(
                                FleetError.USAGE,
                                "%s is a host: hosts are published by their agents, not applied".formatted(source));
                    }
                }
                case ParsedDocument.Unusable(String _, String name, List<ConfigurationError> errors) ->
                    throw new FleetException(
                            FleetError.USAGE,
                            "%s: VM %s is not usable: %s"
                                    .formatted(
                                            source,
                                            name,
                                            errors.stream()
                                                    .map(error -> error.property() + ": " + error.message())
                                                    .collect(Collectors.joining("; "))));
            }
        }
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
