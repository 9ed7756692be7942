package io.viommufleet.common.observe;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;

/**
 * Serves {@code /metrics}, {@code /health/live}, {@code /health/ready} and {@code /health/started}: 200, or 503 with the
 * checks that failed. It owns its threads; closing it ends them.
 */
public final class ObservabilityServer implements AutoCloseable {
    /** Where roles listen unless told otherwise: nobody else on the network can reach it. */
    public static final String LOOPBACK = "localhost";

    private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";
    private static final String JSON = "application/json";
    private static final JsonMapper MAPPER = new JsonMapper();

    private final HttpServer server;
    private final String host;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private ObservabilityServer(HttpServer server, String host) {
        this.server = server;
        this.host = host;
    }

    /**
     * Listens.
     *
     * @param host name or address to listen on
     * @param port 0 chooses a free one
     * @throws FleetException if it cannot listen there
     */
    public static ObservabilityServer start(String host, int port, RoleMetrics metrics, Health health) {
        try {
            HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getByName(host), port), 0);
            ObservabilityServer server = new ObservabilityServer(http, host);
            server.serve("/metrics", () -> new Answer(200, PROMETHEUS_TEXT, metrics.scrape()));
            server.serve("/health/live", () -> answer(health.live()));
            server.serve("/health/ready", () -> answer(health.ready()));
            server.serve("/health/started", () -> answer(health.started()));
            server.serve(
                    "/",
                    () -> new Answer(
                            404,
                            JSON,
                            "{\"status\":404,\"paths\":[\"/metrics\",\"/health/live\","
                                    + "\"/health/ready\",\"/health/started\"]}"));
            http.setExecutor(server.threads);
            http.start();
            return server;
        } catch (IOException failure) {
            throw new FleetException(
                    FleetError.FAILED,
                    "cannot serve metrics on %s:%d: %s; choose another port"
                            .formatted(host, port, failure.getMessage()),
                    failure);
        }
    }

    /** The port that it listens on. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** The address of its root, such as {@code http://localhost:9400}. */
    public String url() {
        return "http://%s:%d".formatted(host, port());
    }

    private static Answer answer(List<Check> checks) {
        boolean ok = checks.stream().allMatch(Check::ok);
        return new Answer(ok ? 200 : 503, JSON, MAPPER.writeValueAsString(new Report(ok ? "UP" : "DOWN", checks)));
    }

    private void serve(String path, Supplier<Answer> answers) {
        server.createContext(path, exchange -> {
            try (exchange) {
                boolean known =
                        path.equals("/") || exchange.getRequestURI().getPath().equals(path);
                Answer answer = exchange.getRequestMethod().equals("GET") && known
                        ? answers.get()
                        : new Answer(known ? 405 : 404, JSON, "{}");
                send(exchange, answer);
            }
        });
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        byte[] body = answer.body().getBytes(UTF_8);
        exchange.getResponseHeaders().set("Content-Type", answer.contentType());
        exchange.sendResponseHeaders(answer.status(), body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private record Answer(int status, String contentType, String body) {}

    /** The body of a health answer. */
    record Report(String status, List<Check> checks) {}
}
