package io.viommufleet.common.wire;

import static io.viommufleet.common.viommu.Names.list;
import static io.viommufleet.common.viommu.Names.nearest;

import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.GuestStep.Gbpa;
import io.viommufleet.common.model.GuestStep.IovaSpan;
import io.viommufleet.common.model.GuestStep.Scope;
import io.viommufleet.common.model.Names;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A guest's steps as lines of text: a verb, the id of a device where it is about one, and arguments as {@code name=value} in any order.
 *
 * <pre>
 * boot
 * enable-viommu [event-queue=on|off] [gbpa=bypass|abort]
 * disable-viommu [gbpa=bypass|abort]
 * map DEVICE iova=ADDRESS length=SIZE [to=ADDRESS] [access=rw|r] [pasid=N] [asid=N] [table=ADDRESS]
 * unmap DEVICE iova=ADDRESS length=SIZE [pasid=N] [asid=N]
 * bypass DEVICE
 * block DEVICE
 * invalidate DEVICE [scope=tlb|configuration|ats] [pasid=N] [asid=N] [iova=ADDRESS length=SIZE]
 * fault DEVICE iova=ADDRESS [access=w|r] [pasid=N]
 * reset
 * </pre>
 */
public final class GuestStepText {
    private static final int MAX_PASID = (1 << 20) - 1;
    private static final int MAX_ASID = (1 << 16) - 1;

    private GuestStepText() {}

    /** The verbs with what may follow them. */
    private enum Verb {
        BOOT(false, ""),
        ENABLE_VIOMMU(false, "event-queue gbpa"),
        DISABLE_VIOMMU(false, "gbpa"),
        MAP(true, "iova length to access pasid asid table"),
        UNMAP(true, "iova length pasid asid"),
        BYPASS(true, ""),
        BLOCK(true, ""),
        INVALIDATE(true, "scope pasid asid iova length"),
        FAULT(true, "iova access pasid"),
        RESET(false, "");

        private final boolean aboutDevice;
        private final String arguments;

        Verb(boolean aboutDevice, String arguments) {
            this.aboutDevice = aboutDevice;
            this.arguments = arguments;
        }

        List<String> arguments() {
            return arguments.isEmpty() ? List.of() : List.of(arguments.split(" "));
        }

        static Verb named(String text) {
            return Arrays.stream(values())
                    .filter(verb -> verb.toString().equals(text))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(unknown("a step", text, names())));
        }

        static List<String> names() {
            return Arrays.stream(values()).map(Verb::toString).toList();
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * Reads a line.
     *
     * @throws IllegalArgumentException that says what is wrong and what is allowed
     */
    public static GuestStep parse(String line) {
        List<String> words = Arrays.stream(line.strip().split("\\s+"))
                .filter(word -> !word.isEmpty())
                .toList();
        if (words.isEmpty()) {
            throw new IllegalArgumentException("a step is missing; steps are " + list(Verb.names().stream()));
        }
        Verb verb = Verb.named(words.getFirst());
        boolean deviceGiven = words.size() > 1 && !words.get(1).contains("=");
        if (verb.aboutDevice != deviceGiven) {
            throw new IllegalArgumentException(
                    verb.aboutDevice
                            ? "%s needs the id of a device: %s DEVICE".formatted(verb, verb)
                            : "%s is about the whole VM and takes no '%s'".formatted(verb, words.get(1)));
        }
        String device = deviceGiven ? Names.requireName("device id", words.get(1)) : "";
        int start = deviceGiven ? 2 : 1;
        return step(
                verb, device, StepArguments.of(verb.toString(), verb.arguments(), words.subList(start, words.size())));
    }

    private static GuestStep step(Verb verb, String device, StepArguments given) {
        return switch (verb) {
            case BOOT -> new GuestStep.Boot();
            case ENABLE_VIOMMU -> new GuestStep.EnableViommu(eventQueue(given), gbpa(given));
            case DISABLE_VIOMMU -> new GuestStep.DisableViommu(gbpa(given));
            case MAP -> map(device, given);
            case UNMAP ->
                new GuestStep.Unmap(
                        device, pasid(given), given.span(), asid(given).orElse(0));
            case BYPASS -> new GuestStep.Bypass(device);
            case BLOCK -> new GuestStep.Block(device);
            case INVALIDATE ->
                new GuestStep.Invalidate(
                        device,
                        pasid(given),
                        given.word("scope", List.of("tlb", "configuration", "ats"))
                                .map(scope -> Scope.valueOf(scope.toUpperCase(Locale.ROOT)))
                                .orElse(Scope.TLB),
                        given.hasAny("iova", "length") ? Optional.of(given.span()) : Optional.empty(),
                        asid(given));
            case FAULT ->
                new GuestStep.Fault(
                        device,
                        pasid(given),
                        given.requiredAddress("iova"),
                        given.word("access", List.of("w", "r")).orElse("w").equals("w"));
            case RESET -> new GuestStep.Reset();
        };
    }

    private static GuestStep map(String device, StepArguments given) {
        IovaSpan span = given.span();
        return new GuestStep.Map(
                device,
                pasid(given),
                span,
                given.address("to").orElse(span.start()),
                given.word("access", List.of("rw", "r")).orElse("rw").equals("rw"),
                asid(given).orElse(0),
                given.address("table").orElse(GuestStep.Map.DEFAULT_TABLE));
    }

    private static int pasid(StepArguments given) {
        return given.number("pasid", MAX_PASID).orElse(0);
    }

    private static Optional<Integer> asid(StepArguments given) {
        return given.number("asid", MAX_ASID);
    }

    private static boolean eventQueue(StepArguments given) {
        return given.word("event-queue", List.of("on", "off")).orElse("on").equals("on");
    }

    private static Optional<Gbpa> gbpa(StepArguments given) {
        return given.word("gbpa", List.of("bypass", "abort"))
                .map(value -> Gbpa.valueOf(value.toUpperCase(Locale.ROOT)));
    }

    /** Writes a step so that {@link #parse} reads it back; what is at its default is left out. */
    public static String write(GuestStep step) {
        return switch (step) {
            case GuestStep.Boot _ -> Verb.BOOT.toString();
            case GuestStep.EnableViommu(boolean eventQueue, Optional<Gbpa> gbpa) ->
                Verb.ENABLE_VIOMMU + (eventQueue ? "" : " event-queue=off") + gbpa(gbpa);
            case GuestStep.DisableViommu(Optional<Gbpa> gbpa) -> Verb.DISABLE_VIOMMU + gbpa(gbpa);
            case GuestStep.Map map -> write(map);
            case GuestStep.Unmap unmap ->
                Verb.UNMAP + " " + unmap.device() + span(unmap.range()) + pasid(unmap.pasid()) + asid(unmap.asid());
            case GuestStep.Bypass(String device) -> Verb.BYPASS + " " + device;
            case GuestStep.Block(String device) -> Verb.BLOCK + " " + device;
            case GuestStep.Invalidate invalidate -> write(invalidate);
            case GuestStep.Fault fault ->
                "%s %s iova=0x%x%s%s"
                        .formatted(
                                Verb.FAULT,
                                fault.device(),
                                fault.iova(),
                                fault.write() ? "" : " access=r",
                                pasid(fault.pasid()));
            case GuestStep.Reset _ -> Verb.RESET.toString();
        };
    }

    private static String write(GuestStep.Map map) {
        return Verb.MAP
                + " "
                + map.device()
                + span(map.range())
                + (map.address() == map.range().start() ? "" : " to=0x" + Long.toHexString(map.address()))
                + (map.writable() ? "" : " access=r")
                + pasid(map.pasid())
                + asid(map.asid())
                + (map.table() == GuestStep.Map.DEFAULT_TABLE ? "" : " table=0x" + Long.toHexString(map.table()));
    }

    private static String write(GuestStep.Invalidate invalidate) {
        String scope = invalidate.scope() == Scope.TLB ? "" : " scope=" + lower(invalidate.scope());
        return Verb.INVALIDATE
                + " "
                + invalidate.device()
                + scope
                + pasid(invalidate.pasid())
                + invalidate.asid().map(asid -> " asid=" + asid).orElse("")
                + invalidate.range().map(GuestStepText::span).orElse("");
    }

    private static String span(IovaSpan span) {
        return " iova=0x%x length=%s".formatted(span.start(), MemorySize.write(span.lengthBytes()));
    }

    private static String pasid(int pasid) {
        return pasid == 0 ? "" : " pasid=" + pasid;
    }

    private static String asid(int asid) {
        return asid == 0 ? "" : " asid=" + asid;
    }

    private static String gbpa(Optional<Gbpa> gbpa) {
        return gbpa.map(value -> " gbpa=" + lower(value)).orElse("");
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    static String unknown(String what, String word, List<String> known) {
        return "'%s' is not %s: %s"
                .formatted(
                        word,
                        what,
                        nearest(word, known)
                                .map("did you mean %s?"::formatted)
                                .orElseGet(() -> "known are " + list(known.stream())));
    }
}
