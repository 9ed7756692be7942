package io.viommufleet.deploy.cli;

import java.util.Locale;

/** What is being done: redrawn in place for a person, a line for each new thing elsewhere. Thread-safe. */
final class Progress {
    private static final String CLEAR_LINE = "\r\033[K";

    private final Terminal terminal;
    private String last = "";

    Progress(Terminal terminal) {
        this.terminal = terminal;
    }

    synchronized void step(String what) {
        if (what.equals(last)) {
            return;
        }
        last = what;
        if (terminal.interactive()) {
            terminal.err().print(CLEAR_LINE + what + " …");
            terminal.err().flush();
        } else {
            terminal.say(what.substring(0, 1).toUpperCase(Locale.ROOT) + what.substring(1));
        }
    }

    /** Leaves a clean line behind. */
    synchronized void end() {
        if (terminal.interactive() && !last.isEmpty()) {
            terminal.err().print(CLEAR_LINE);
            terminal.err().flush();
        }
        last = "";
    }
}
