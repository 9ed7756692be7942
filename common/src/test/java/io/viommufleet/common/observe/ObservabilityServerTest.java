package io.viommufleet.common.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.common.FleetException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ObservabilityServerTest {
    private final HttpClient client = HttpClient.newHttpClient();
    private final RoleMetrics metrics = new RoleMetrics();
    private boolean caughtUp = true;
    private ObservabilityServer server;

    @BeforeEach
    void start() {
        server = ObservabilityServer.start(ObservabilityServer.LOOPBACK, 0, metrics, new Health() {
            @Override
            public List<Check> live() {
                return List.of();
            }

            @Override
            public List<Check> ready() {
                return List.of(new Check("caught-up", caughtUp, "lag 3"));
            }

            @Override
            public List<Check> started() {
                return List.of(new Check("loaded", true, ""));
            }
        });
    }

    @AfterEach
    void stop() {
        server.close();
        metrics.close();
        client.close();
    }

    @Test
    void servesMetricsInPrometheusText() throws Exception {
        metrics.registry()
                .counter("viommu.rejected.records", "topic", "fleet.vms")
                .increment(2);
        HttpResponse<String> answer = get("/metrics");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain"));
        assertThat(answer.body())
                .contains("viommu_rejected_records_total{topic=\"fleet.vms\"} 2.0")
                .contains("jvm_memory_used_bytes");
    }

    @Test
    void answers503WithTheChecksThatFailed() throws Exception {
        assertThat(get("/health/ready").statusCode()).isEqualTo(200);
        caughtUp = false;
        HttpResponse<String> answer = get("/health/ready");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).isEqualTo("""
            {"status":"DOWN","checks":[{"name":"caught-up","ok":false,"detail":"lag 3"}]}\
            """);
        assertThat(get("/health/live").body()).isEqualTo("{\"status\":\"UP\",\"checks\":[]}");
        assertThat(get("/health/started").statusCode()).isEqualTo(200);
    }

    @Test
    void knowsNoOtherPath() throws Exception {
        assertThat(get("/").statusCode()).isEqualTo(404);
        assertThat(get("/metrics/x").statusCode()).isEqualTo(404);
    }

    @Test
    void saysWhichPortIsTaken() {
        assertThatThrownBy(() -> ObservabilityServer.start("localhost", server.port(), metrics, NOTHING))
                .isInstanceOf(FleetException.class)
                .hasMessageContaining("cannot serve metrics on localhost:" + server.port());
    }

    private static final Health NOTHING = new Health() {
        @Override
        public List<Check> live() {
            return List.of();
        }

        @Override
        public List<Check> ready() {
            return List.of();
        }

        @Override
        public List<Check> started() {
            return List.of();
        }
    };

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(server.url() + path)).build(), HttpResponse.BodyHandlers.ofString());
    }
}
