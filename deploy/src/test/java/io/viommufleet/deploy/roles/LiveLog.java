package io.viommufleet.deploy.roles;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.wire.Decoded;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.deploy.view.FleetView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/** What the tests of the controllers do with a running fleet: write raw records, wait, scrape, and read the log whole. */
final class LiveLog {
    static final Duration DEADLINE = Duration.ofSeconds(90);

    private final KafkaConnection kafka;
    private final Partitions layout;

    LiveLog(KafkaConnection kafka, Partitions layout) {
        this.kafka = kafka;
        this.layout = layout;
    }

    /** A request that no host can serve: it becomes one placement that stays Pending, and one decision. */
    static String vm(String name, int cell) {
        return """
            {"type":"vm","schema":1,"cell":%d,"value":{"metadata":{"name":"%s","cell":%d},
             "spec":{"machine":"pc-q35-10.2","memory":"1GiB","devices":[{"id":"nic0","match":{"vendor":"0x15b3"}}]}}}
            """.formatted(cell, name, cell);
    }

    void apply(String name, int cell) {
        send("fleet.vms", cell, name, vm(name, cell));
    }

    /** Many at once. */
    void applyAll(List<String> names, int cell) {
        sendAll(names.stream()
                .map(name -> new ProducerRecord<>("fleet.vms", cell, name, vm(name, cell)))
                .toList());
    }

    void send(String topic, int partition, String key, String value) {
        sendAll(List.of(new ProducerRecord<>(topic, partition, key, value)));
    }

    private void sendAll(List<ProducerRecord<String, String>> records) {
        Map<String, Object> settings = Map.of("bootstrap.servers", kafka.bootstrapServers(), "acks", "all");
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            records.forEach(record -> sent.add(producer.send(record)));
            for (Future<RecordMetadata> one : sent) {
                one.get();
            }
        } catch (ExecutionException failure) {
            throw new AssertionError("the broker refused a record", failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Reads on until the fleet looks as expected. */
    static void await(FleetView view, Predicate<FleetView> reached) {
        long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
        while (!reached.test(view)) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadlineNanos);
            view.poll(Duration.ofMillis(200));
        }
    }

    static void await(String what, BooleanSupplier reached) {
        long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline for: " + what).isLessThan(deadlineNanos);
            LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
        }
    }

    static boolean placed(FleetView view, String vm) {
        return view.state().placements().keySet().stream()
                .anyMatch(key -> key.key().equals(vm));
    }

    /** The answer of a role's HTTP server, whatever its status. */
    static String get(String url) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /** The sum of a metric's series at a role's HTTP server. */
    static double metric(String url, String name) {
        return get(url + "/metrics")
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    /** How many cells a controller leads: each has its epoch, the others 0. */
    static long led(String url) {
        return get(url + "/metrics")
                .lines()
                .filter(line -> line.startsWith("viommu_leader_epoch{") && !line.endsWith(" 0.0"))
                .count();
    }

    static long standby(String url) {
        return Math.round(metric(url, "viommu_standby_cells"));
    }

    /** Every committed record of a topic. */
    List<LogRecord> all(FleetTopic topic) {
        List<LogPartition> partitions = new ArrayList<>();
        for (int partition = 0; partition < layout.count(topic); partition++) {
            partitions.add(new LogPartition(topic, partition));
        }
        List<LogRecord> records = new ArrayList<>();
        try (LogReader reader = new LogReader(kafka, "test-reader", layout, partitions)) {
            reader.load(records::add);
        }
        return records;
    }

    static Optional<Envelope> envelope(LogRecord record) {
        return record.decoded() instanceof Decoded.Ok(Envelope envelope) ? Optional.of(envelope) : Optional.empty();
    }

    static String text(Envelope envelope) {
        return new String(RecordCodec.encode(envelope), UTF_8);
    }

    /** In every partition that leaders write, no leader wrote after a later one had begun. */
    void requireThatNoLeaderWroteAfterItsSuccessor() {
        Arrays.stream(FleetTopic.values())
                .filter(topic -> topic.writer() == FleetTopic.Role.CONTROLLER)
                .forEach(topic -> {
                    Map<Integer, Long> highest = new HashMap<>();
                    for (LogRecord record : all(topic)) {
                        if (record.decoded() instanceof Decoded.Ok(Envelope envelope)
                                && envelope.origin() instanceof Origin.Controller by) {
                            assertThat(by.epoch())
                                    .as("%s/%d at %d", topic.topicName(), record.partition(), record.offset())
                                    .isGreaterThanOrEqualTo(highest.getOrDefault(record.partition(), 0L));
                            highest.put(record.partition(), by.epoch());
                        }
                    }
                });
    }
}
