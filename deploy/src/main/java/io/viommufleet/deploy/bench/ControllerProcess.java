package io.viommufleet.deploy.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;

/** A controller in a process of its own, which can be killed. */
final class ControllerProcess implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final String name;
    private final Process process;
    private final String url;

    private ControllerProcess(String name, Process process, String url) {
        this.name = name;
        this.process = process;
        this.url = url;
    }

    /**
     * Starts it and waits until it serves.
     *
     * @param directory where its log goes
     * @throws FleetException FAILED if it does not start
     */
    static ControllerProcess start(String name, String bootstrapServers, Path directory) {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms1g",
                "-Xmx3g",
                "-XX:+UseSerialGC",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                "io.viommufleet.deploy.cli.Main",
                "controller",
                "--instance",
                name,
                "--bootstrap-server",
                bootstrapServers,
                "--replication",
                "1",
                "--http-port",
                "0");
        Path log = directory.resolve(name + ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            BufferedReader out = process.inputReader(UTF_8);
            String line = out.readLine();
            if (line == null) {
                throw new FleetException(FleetError.FAILED, "a controller did not start; see " + log);
            }
            Thread.ofVirtual().start(() -> out.lines().forEach(_ -> {}));
            return new ControllerProcess(name, process, line.substring(line.indexOf("http://")));
        } catch (IOException failure) {
            throw new FleetException(FleetError.FAILED, "a controller did not start: " + failure.getMessage(), failure);
        }
    }

    String name() {
        return name;
    }

    /** SIGKILL. */
    void kill() {
        process.destroyForcibly();
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** The sum of a metric's series; 0 while there are none. */
    double metric(String metric) {
        try {
            return HTTP.send(
                            HttpRequest.newBuilder(URI.create(url + "/metrics")).build(),
                            HttpResponse.BodyHandlers.ofLines())
                    .body()
                    .filter(line -> line.startsWith(metric + " ") || line.startsWith(metric + "{"))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .sum();
        } catch (IOException failure) {
            throw new FleetException(FleetError.FAILED, "controller %s is gone: %s".formatted(name, failure), failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new FleetException(FleetError.FAILED, "interrupted", interrupted);
        }
    }

    @Override
    public void close() {
        kill();
        try {
            process.waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
