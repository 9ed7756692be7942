package io.viommufleet.common.input;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.input.DecideReport.Device;
import io.viommufleet.common.input.DecideReport.Entry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every domain of libvirt's own test suite, and the QEMU arguments that libvirt makes of it, are decided alike. The suite
 * is not ours to carry: it is read where it lies, the directory {@code tests/qemuxmlconfdata} of libvirt's sources.
 */
class LibvirtSuiteTest {
    private static final String DIRECTORY = "libvirt.tests";

    /** Pairs that may differ, each with the reason why a domain alone cannot tell. */
    private static final Map<String, String> MAY_DIFFER = Map.of(
            "net-virtio-teaming-network.x86_64-latest.args",
            "the interface names a libvirt network, and only libvirt knows that it is a pool of host devices");

    private final List<String> problems = new ArrayList<>();
    private final List<String> excused = new ArrayList<>();
    private int files;
    private int pairs;
    private int refusedAlike;
    private int digests;

    @Test
    void decidesEveryDomainAsTheArgumentsThatLibvirtMakesOfIt() throws IOException {
        Optional<Path> directory =
                Optional.ofNullable(System.getProperty(DIRECTORY)).map(Path::of);
        if (directory.isEmpty()) {
            System.out.println("LibvirtSuiteTest: nothing checked; to run it: mvn -pl common test"
                    + " -Dtest=LibvirtSuiteTest -D" + DIRECTORY + "=LIBVIRT/tests/qemuxmlconfdata");
            return;
        }
        for (Path file : inputs(directory.get())) {
            files++;
            check(file);
        }
        System.out.printf(
                "LibvirtSuiteTest: %d files, %d pairs (%d refused in both spellings, %d with digests compared), "
                        + "%d excused %s, %d problems%n",
                files, pairs, refusedAlike, digests, excused.size(), excused, problems.size());
        assertThat(files).isPositive();
        assertThat(pairs).isPositive();
        assertThat(problems).isEmpty();
        assertThat(excused).as("exceptions that are none any more").hasSize(MAY_DIFFER.size());
    }

    private static List<Path> inputs(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(file -> name(file).endsWith(".xml") || name(file).endsWith(".args"))
                    .sorted()
                    .toList();
        }
    }

    private void check(Path file) {
        try {
            DecideResult result = Decide.run(List.of(file.toString()), InputStream.nullInputStream());
            if (result.exitCode() != 0 || result.entries().size() != 1) {
                problems.add("%s: %d answers, %s"
                        .formatted(name(file), result.entries().size(), result.failures()));
                return;
            }
            Optional<Path> domain = name(file).endsWith(".args") ? domainOf(file) : Optional.empty();
            if (domain.isPresent()) {
                compare(domain.get(), file, result.entries().getFirst());
            }
        } catch (RuntimeException | IOException thrown) {
            problems.add(name(file) + ": " + thrown);
        }
    }

    /** The domain of a file of arguments: NAME.xml for NAME.ARCHITECTURE-VERSION.args. */
    private static Optional<Path> domainOf(Path arguments) {
        String name = name(arguments);
        return IntStream.range(1, name.length())
                .filter(end -> name.charAt(end) == '.')
                .mapToObj(end -> arguments.resolveSibling(name.substring(0, end) + ".xml"))
                .filter(Files::exists)
                .findFirst();
    }

    private void compare(Path domain, Path arguments, Entry fromArguments) throws IOException {
        pairs++;
        Entry fromXml = Decide.run(List.of(domain.toString()), InputStream.nullInputStream())
                .entries()
                .getFirst();
        if (!fromXml.valid() && !fromArguments.valid()) {
            refusedAlike++;
            return;
        }
        boolean alike = answer(fromXml).equals(answer(fromArguments));
        if (MAY_DIFFER.containsKey(name(arguments))) {
            if (!alike) {
                excused.add(name(arguments));
            }
        } else if (!alike) {
            problems.add("%s: the domain gives %s, the arguments %s"
                    .formatted(name(arguments), answer(fromXml), answer(fromArguments)));
        } else if (machine(domain).equals(machine(arguments))) { // else libvirt has resolved an alias for a version
            digests++;
            if (!fromXml.configDigest().equals(fromArguments.configDigest())) {
                problems.add(name(arguments) + ": the digests differ");
            }
        }
    }

    /** Validity, flags per device, and dooms. */
    private static String answer(Entry entry) {
        return "valid=%s flags=%s doomed=%s"
                .formatted(
                        entry.valid(),
                        entry.devices().stream().map(Device::flags).toList(),
                        entry.doomed().stream()
                                .map(doom -> doom.device() + ":" + doom.rule())
                                .toList());
    }

    /** The machine type as written. */
    private static String machine(Path file) throws IOException {
        return Inputs.read(name(file), Files.readAllBytes(file)).getFirst() instanceof ParsedDocument.Vm vm
                ? vm.vm().spec().configuration().machine().type()
                : "";
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }
}
