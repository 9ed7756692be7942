package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line as a whole. */
@Command(
        name = "fleet",
        mixinStandardHelpOptions = true,
        version = "viommu-fleet 0.1.0",
        synopsisSubcommandLabel = "COMMAND",
        description = {
            "Runs VMs with passthrough devices on a fleet of hosts whose IOMMUs differ.",
            "Whether a device gets a nesting-parent HWPT follows from the VM's vIOMMU alone, never from a host."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  fleet up                      the example fleet on this machine",
            "  fleet decide vm.xml           what a VM's vIOMMU wants, offline",
            "  fleet explain trainer         why nested or not, why this host, why not the others"
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:ok",
            "1:failed",
            "2:wrong usage",
            "3:not found",
            "4:refused, conflict, or fenced by another",
            "5:Kafka or a role cannot be reached",
            "6:not settled or ended in time"
        })
public final class FleetCommand implements Runnable {
    private final Terminal terminal;

    private FleetCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** The command line with all its commands, talking to a terminal. */
    public static CommandLine commandLine(Terminal terminal) {
        CommandLine line = new CommandLine(new FleetCommand(terminal));
        line.addSubcommand(new UpCommand(terminal))
                .addSubcommand(new DecideCommand(terminal))
                .addSubcommand(new ConformanceCommand(terminal))
                .addSubcommand(new ApplyCommand(terminal))
                .addSubcommand(new DeleteCommand(terminal))
                .addSubcommand(new GetCommand(terminal))
                .addSubcommand(new DescribeCommand(terminal))
                .addSubcommand(new ExplainCommand(terminal))
                .addSubcommand(new ProveCommand(terminal))
                .addSubcommand(new WhatIfCommand(terminal))
                .addSubcommand(new WatchCommand(terminal))
                .addSubcommand(new HostCommand.Cordon(terminal))
                .addSubcommand(new HostCommand.Uncordon(terminal))
                .addSubcommand(new HostCommand.Drain(terminal))
                .addSubcommand(new MigrateCommand(terminal))
                .addSubcommand(new HostCommand.Evacuate(terminal))
                .addSubcommand(new HostCommand.Fence(terminal))
                .addSubcommand(new HostCommand.Release(terminal))
                .addSubcommand(new CancelCommand(terminal))
                .addSubcommand(new ResetBreakerCommand(terminal))
                .addSubcommand(UpgradeCommand.commandLine(terminal))
                .addSubcommand(new ControllerCommand(terminal))
                .addSubcommand(new AgentCommand(terminal))
                .addSubcommand(new BrokerCommand(terminal))
                .addSubcommand(new BenchCommand(terminal))
                .addSubcommand("completion", new AutoComplete.GenerateCompletion());
        line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8))
                .setColorScheme(CommandLine.Help.defaultColorScheme(
                        terminal.colour() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler((wrong, arguments) -> usage(terminal, wrong))
                .setExecutionExceptionHandler((failure, command, parsed) -> failed(terminal, failure));
        return line;
    }

    @Override
    public void run() {
        CommandLine.usage(this, terminal.out());
    }

    private static int usage(Terminal terminal, ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        terminal.say("fleet: " + firstLine(wrong));
        UnmatchedArgumentException.printSuggestions(wrong, command.getErr());
        terminal.say("Try '%s --help'.".formatted(command.getCommandSpec().qualifiedName()));
        return FleetError.USAGE.exitCode();
    }

    private static int failed(Terminal terminal, Exception failure) {
        if (failure instanceof FleetException known) {
            terminal.say("fleet: " + known.getMessage());
            return known.error().exitCode();
        }
        terminal.say("fleet: unexpected %s: %s; please report this"
                .formatted(failure.getClass().getSimpleName(), firstLine(failure)));
        return FleetError.FAILED.exitCode();
    }

    private static String firstLine(Exception failure) {
        return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    }
}
