package io.viommufleet.controller.placement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MatchingTest {
    @Test
    void movesAnEarlierGuestAwayFromTheOnlyDeviceThatALaterOneCanHave() {
        Map<String, List<Integer>> choices = Map.of("any", List.of(1, 2), "picky", List.of(1));

        assertThat(Matching.of(List.of("any", "picky"), choices)).contains(Map.of("any", 2, "picky", 1));
    }

    @Test
    void saysThatNotAllCanBeServed() {
        Map<String, List<Integer>> choices = Map.of("a", List.of(1), "b", List.of(1));

        assertThat(Matching.of(List.of("a", "b"), choices)).isEmpty();
    }
}
