package io.viommufleet.deploy.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * What a command talks to.
 *
 * @param in standard input
 * @param out for data only
 * @param err for everything else
 * @param interactive a person is watching: progress is redrawn in place
 * @param colour states are coloured
 */
public record Terminal(InputStream in, PrintStream out, PrintStream err, boolean interactive, boolean colour) {
    /** The process's own. No colour with NO_COLOR, on a dumb terminal or in a file. */
    @SuppressWarnings("SystemConsoleNull") // what the method may return is still null where there is no console
    static Terminal ofProcess() {
        boolean terminal = System.console() != null && System.console().isTerminal();
        String noColour = System.getenv().getOrDefault("NO_COLOR", "");
        boolean dumb = System.getenv().getOrDefault("TERM", "dumb").equals("dumb");
        return new Terminal(
                System.in, utf8(System.out), utf8(System.err), terminal, terminal && !dumb && noColour.isEmpty());
    }

    private static PrintStream utf8(PrintStream stream) {
        return new PrintStream(stream, true, StandardCharsets.UTF_8);
    }

    /** A line of talk. */
    void say(String line) {
        err.println(line);
    }
}
