package io.viommufleet.agent.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AttachmentStateTest {
    @Test
    void theDiagramInTheDocumentationShowsEveryLegalMoveAndNoOther() throws IOException {
        Path documentation = Path.of("src/main/java/io/viommufleet/agent/core/package-info.java");

        List<String> documented = Files.readAllLines(documentation).stream()
                .filter(line -> line.contains("-->"))
                .filter(line -> !line.contains("{@code"))
                .map(line -> line.substring(line.indexOf('*') + 1).strip().replaceAll(" +", " "))
                .toList();

        assertThat(documented).containsExactlyElementsOf(moves());
    }

    private static List<String> moves() {
        return Arrays.stream(AttachmentState.class.getPermittedSubclasses())
                .flatMap(state -> Arrays.stream(state.getDeclaredMethods())
                        .filter(AttachmentStateTest::isMove)
                        .map(move -> "%s --%s--> %s"
                                .formatted(
                                        state.getSimpleName(),
                                        move.getName(),
                                        move.getReturnType().getSimpleName())))
                .flatMap(Stream::of)
                .sorted()
                .toList();
    }

    private static boolean isMove(Method method) {
        return AttachmentState.class.isAssignableFrom(method.getReturnType())
                && !Modifier.isStatic(method.getModifiers());
    }
}
