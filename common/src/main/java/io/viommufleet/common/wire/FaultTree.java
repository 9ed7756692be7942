package io.viommufleet.common.wire;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostFault.Effect;
import io.viommufleet.common.viommu.Names;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A fault on purpose as keys and values, the same in a host's file and on the log: {@code call: N}, the N-th call, or {@code ioctl: NAME} with
 * {@code nth: N}, the N-th of that name; then one of {@code errno: NAME}, {@code slow: 50ms} and {@code lose: ADDRESS}.
 */
public final class FaultTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String BDF = "a PCI address with its domain, such as 0000:3b:00.1";
    private static final String DELAY = "a time up to a minute, such as 200us, 50ms or 2s";
    private static final String NUMBER = "a number from 1 on";
    private static final Pattern DELAY_FORM = Pattern.compile("([0-9]{1,9}) ?(us|ms|s)");
    private static final Pattern NUMBER_FORM = Pattern.compile("[1-9][0-9]{0,17}");
    private static final List<String> EFFECTS = List.of("errno", "slow", "lose");

    private FaultTree() {}

    /** Reads one fault alone. */
    public static TreeResult<HostFault> read(JsonNode tree, UnknownKeys unknownKeys) {
        TreeReader reader = TreeReader.of(tree, unknownKeys);
        Optional<HostFault> fault = read(reader);
        return TreeResult.of(reader.errors(), fault::orElseThrow);
    }

    /** Reads one fault; empty where it is not usable, which the reader's errors say. */
    public static Optional<HostFault> read(TreeReader fault) {
        int errorsBefore = fault.errors().size();
        Optional<String> ioctl = named(fault, "ioctl", "call", HostFault.CALLS);
        Optional<Long> call = fault.parsed("call", NUMBER, FaultTree::number);
        Optional<Long> nth = fault.parsed("nth", NUMBER, FaultTree::number);
        Optional<Effect> effect = effect(fault);
        if (fault.has("call") && (fault.has("ioctl") || fault.has("nth"))) {
            fault.error("call", "call counts every call: write call: N, or ioctl: NAME with nth: N");
        } else if (fault.has("nth") && !fault.has("ioctl")) {
            fault.error("nth", "nth counts the calls of one name: write ioctl: NAME with it, or call: N");
        } else if (!fault.has("slow") && !fault.has("call") && !fault.has("ioctl")) {
            fault.error("call", "which calls? write call: N, ioctl: NAME, or ioctl: NAME with nth: N");
        }
        fault.finish();
        boolean usable = fault.errors().size() == errorsBefore;
        return effect.filter(found -> usable).map(found -> new HostFault(ioctl, call.or(() -> nth), found));
    }

    private static Optional<Effect> effect(TreeReader fault) {
        List<String> given = EFFECTS.stream().filter(fault::has).toList();
        Optional<Effect> fail = named(fault, "errno", "errno", HostFault.ERRNOS).map(Effect.Fail::new);
        Optional<Effect> slow = fault.parsed("slow", DELAY, FaultTree::nanos).map(Effect.Slow::new);
        Optional<Effect> lose = fault.parsed("lose", BDF, VmTree::bdf).map(Effect.Lose::new);
        if (given.size() != 1) {
            fault.error(
                    given.isEmpty() ? "errno" : given.getLast(),
                    "a fault does one thing: write exactly one of errno: NAME, slow: TIME and lose: ADDRESS");
            return Optional.empty();
        }
        return Stream.of(fail, slow, lose).flatMap(Optional::stream).findFirst();
    }

    private static Optional<String> named(TreeReader fault, String key, String what, List<String> known) {
        Optional<String> text = fault.text(key);
        Optional<String> found = text.filter(known::contains);
        if (text.isPresent() && found.isEmpty()) {
            String hint = Names.nearest(text.get(), known)
                    .map("did you mean %s?"::formatted)
                    .orElseGet(() -> "known are " + String.join(", ", known));
            fault.error(key, "there is no %s of this name: %s".formatted(what, hint));
        }
        return found;
    }

    private static Optional<Long> number(String text) {
        return NUMBER_FORM.matcher(text).matches() ? Optional.of(Long.valueOf(text)) : Optional.empty();
    }

    private static Optional<Long> nanos(String text) {
        Matcher matcher = DELAY_FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        TimeUnit unit = switch (matcher.group(2)) {
            case "us" -> TimeUnit.MICROSECONDS;
            case "ms" -> TimeUnit.MILLISECONDS;
            default -> TimeUnit.SECONDS;
        };
        return Optional.of(unit.toNanos(Long.parseLong(matcher.group(1))))
                .filter(nanos -> nanos > 0 && nanos <= HostFault.MAX_DELAY_NANOS);
    }

    /** Writes a fault, so that {@link #read(JsonNode, UnknownKeys)} gives it back; a delay to the microsecond. */
    public static ObjectNode write(HostFault fault) {
        ObjectNode tree = NODES.objectNode();
        fault.ioctl().ifPresent(name -> tree.put("ioctl", name));
        fault.number().ifPresent(number -> tree.put(fault.ioctl().isPresent() ? "nth" : "call", number));
        switch (fault.effect()) {
            case Effect.Fail(String errno) -> tree.put("errno", errno);
            case Effect.Slow(long nanos) -> tree.put("slow", (nanos + 999) / 1000 + "us");
            case Effect.Lose(Bdf device) -> tree.put("lose", device.toString());
        }
        return tree;
    }
}
