package io.viommufleet.deploy.cli;

import java.util.Set;

/** The process of the {@code fleet} command. */
public final class Main {
    private static final Set<String> ROLES = Set.of("broker", "controller", "agent");
    private static final String LOG_LEVEL = "viommu.log.level";

    private Main() {}

    /** Runs one command; the exit code tells what came of it. */
    public static void main(String[] arguments) {
        boolean role = arguments.length > 0 && ROLES.contains(arguments[0]);
        if (System.getProperty(LOG_LEVEL) == null) { // before the first logger: roles log, commands print
            System.setProperty(LOG_LEVEL, role ? "INFO" : "OFF");
        }
        Terminal terminal = Terminal.ofProcess();
        int exitCode = FleetCommand.commandLine(terminal).execute(arguments);
        terminal.out().flush();
        System.exit(exitCode);
    }
}
