package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.GuestCall;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.wire.GuestStepText;
import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;

/** What a guest's steps led to, for people: the step, the kernel calls, and why it failed or what else there is to say. */
final class GuestLines {
    private GuestLines() {}

    static void print(PrintStream out, List<GuestReport> reports) {
        if (reports.isEmpty()) {
            return;
        }
        out.println("What its guest did:");
        for (GuestReport report : reports) {
            out.println("  %-6s %s".formatted(report.ok() ? "ok" : "failed", GuestStepText.write(report.step())));
            String calls = report.calls().stream().map(GuestCall::words).collect(Collectors.joining(", "));
            if (!calls.isEmpty()) {
                out.println("         " + calls);
            }
            String words = report.failure().map(GuestReport.Failure::reason).orElse(report.note());
            if (!words.isEmpty()) {
                out.println("         " + words);
            }
        }
    }
}
