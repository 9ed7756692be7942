package io.viommufleet.deploy.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every Java source of the project is formatted by palantir-java-format. {@code -Dformat.apply=true} rewrites instead. */
class FormatTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final boolean APPLY = Boolean.getBoolean("format.apply");

    private final Formatter formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
            .style(JavaFormatterOptions.Style.PALANTIR)
            .build());

    @Test
    void everySourceIsFormatted() {
        List<Path> sources = sources();
        assertThat(sources).hasSizeGreaterThan(100);

        List<String> unformatted = sources.parallelStream()
                .filter(this::differs)
                .map(source -> ROOT.relativize(source).toString())
                .sorted()
                .toList();

        assertThat(unformatted)
                .as("mend with: mvn -q -pl deploy -am test -Dtest=FormatTest -Dformat.apply=true"
                        + " -Dsurefire.failIfNoSpecifiedTests=false")
                .isEmpty();
    }

    private boolean differs(Path source) {
        try {
            String written = Files.readString(source);
            String formatted = formatter.formatSourceAndFixImports(written);
            if (APPLY && !formatted.equals(written)) {
                Files.writeString(source, formatted);
                return false;
            }
            return !formatted.equals(written);
        } catch (IOException | FormatterException failure) {
            throw new IllegalStateException("cannot format " + source, failure);
        }
    }

    private static List<Path> sources() {
        return Stream.of("common", "agent", "controller", "deploy")
                .map(module -> ROOT.resolve(module).resolve("src"))
                .filter(Files::isDirectory)
                .flatMap(FormatTest::javaFiles)
                .toList();
    }

    private static Stream<Path> javaFiles(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(path -> path.toString().endsWith(".java")).toList().stream();
        } catch (IOException failure) {
            throw new IllegalStateException("cannot list " + directory, failure);
        }
    }
}
