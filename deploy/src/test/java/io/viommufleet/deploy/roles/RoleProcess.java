package io.viommufleet.deploy.roles;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One role in a process of its own, started, killed and started again with the same arguments. */
final class RoleProcess implements AutoCloseable {
    private final String name;
    private final Path log;
    private final List<String> command = new ArrayList<>();
    private String greeting = "";
    private Process process;

    private RoleProcess(String name, Path directory, List<String> arguments) {
        this.name = name;
        this.log = directory.resolve(name + ".log");
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "--sun-misc-unsafe-memory-access=allow", "-cp"));
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add("io.viommufleet.deploy.cli.Main");
        command.addAll(arguments);
        process = start();
    }

    /** Starts it and waits until it says that it serves. */
    static RoleProcess start(String name, Path directory, String... arguments) {
        return new RoleProcess(name, directory, List.of(arguments));
    }

    String name() {
        return name;
    }

    /** SIGKILL, then the same again. */
    void killAndRestart() {
        kill();
        process = start();
    }

    /** SIGKILL; it is dead when this returns. */
    void kill() {
        process.destroyForcibly();
        waitFor(process);
    }

    /** SIGTERM; it has ended in its own order when this returns. */
    void terminate() {
        process.destroy();
        waitFor(process);
    }

    /** SIGSTOP: it does nothing more, and does not know it. */
    void pause() {
        signal("STOP");
    }

    /** SIGCONT: it goes on where it was. */
    void resume() {
        signal("CONT");
    }

    private void signal(String signal) {
        try {
            int exit = waitFor(new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start());
            if (exit != 0) {
                throw new IllegalStateException("cannot send SIG%s to %s: exit %d".formatted(signal, name, exit));
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** What it said first: where it serves. */
    String greeting() {
        return greeting;
    }

    private Process start() {
        try {
            Process started = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            BufferedReader out = started.inputReader(UTF_8);
            String line = out.readLine();
            if (line == null) {
                throw new IllegalStateException("%s ended with %d; see %s".formatted(name, waitFor(started), log));
            }
            greeting = line;
            Thread.ofVirtual().start(() -> out.lines().forEach(_ -> {}));
            return started;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static int waitFor(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
