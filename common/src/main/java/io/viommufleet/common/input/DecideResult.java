package io.viommufleet.common.input;

import java.util.List;

/**
 * What became of deciding some inputs.
 *
 * @param entries one for each VM, in the order of the arguments, and by name within a directory
 * @param skipped files of a directory that are of no known format
 * @param failures what could not be read, each in a sentence
 * @param exitCode 0, or 1 when there are failures; a VM that is refused is an answer, not a failure
 */
public record DecideResult(
        List<DecideReport.Entry> entries, List<String> skipped, List<String> failures, int exitCode) {
    public DecideResult {
        entries = List.copyOf(entries);
        skipped = List.copyOf(skipped);
        failures = List.copyOf(failures);
    }
}
