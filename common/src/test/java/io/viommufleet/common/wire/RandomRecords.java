package io.viommufleet.common.wire;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostFault.Effect;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.GuestSlot;
import io.viommufleet.common.viommu.Property;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Random values of any record type, found by reflection so that no component can be forgotten. */
final class RandomRecords {
    private static final String LETTERS = "abcXYZ019-_. \"\\{}[]:#&*é€𝄞\u0000\n";

    private final SplittableRandom random;

    RandomRecords(long seed) {
        random = new SplittableRandom(seed);
    }

    /** Every record type that a topic can hold. */
    static Stream<Class<?>> types() {
        return Arrays.stream(FleetRecord.class.getPermittedSubclasses());
    }

    Envelope envelope(Class<?> type) {
        FleetRecord value = (FleetRecord) value(type, "");
        int cell = EnvelopeHead.cellOf(value).orElse(random.nextInt(5));
        return new Envelope(cell, random.nextInt(3), origin(value.topic().writer()), value);
    }

    private Origin origin(FleetTopic.Role role) {
        return switch (role) {
            case USER -> new Origin.User();
            case AGENT -> new Origin.Agent(name(), name(), random.nextLong(1L << 60));
            case CONTROLLER -> new Origin.Controller(random.nextLong(1L << 60), random.nextLong(1000));
        };
    }

    private Object value(Type type, String component) {
        if (type instanceof ParameterizedType generic) {
            return container((Class<?>) generic.getRawType(), generic.getActualTypeArguments(), component);
        }
        Class<?> plain = (Class<?>) type;
        if (plain == String.class) {
            return component.equals("host") ? name() : text();
        } else if (plain == int.class || plain == Integer.class) {
            return component.equals("deviceClass") ? random.nextInt(1 << 24) : random.nextInt(1 << 16);
        } else if (plain == long.class || plain == Long.class) {
            return List.of("memoryBytes", "leaseMillis").contains(component)
                    ? 1 + random.nextLong(1L << 40)
                    : random.nextLong();
        } else if (plain == boolean.class || plain == Boolean.class) {
            return random.nextBoolean();
        } else if (plain == OptionalInt.class) {
            return random.nextBoolean() ? OptionalInt.of(random.nextInt(9)) : OptionalInt.empty();
        } else if (plain == FleetTopic.Role.class) {
            return random.nextBoolean() ? FleetTopic.Role.AGENT : FleetTopic.Role.CONTROLLER;
        } else if (plain.isEnum()) {
            Object[] constants = plain.getEnumConstants();
            return constants[random.nextInt(constants.length)];
        }
        return special(plain).orElseGet(() -> construct(plain));
    }

    /** Types whose components depend on each other or have bounds of their own. */
    private Optional<Object> special(Class<?> type) {
        if (type == Bdf.class) {
            return Optional.of(
                    new Bdf(random.nextInt(1 << 16), random.nextInt(256), random.nextInt(32), random.nextInt(8)));
        } else if (type == AttachmentId.class) {
            return Optional.of(new AttachmentId(name(), name(), name()));
        } else if (type == Metadata.class) {
            return Optional.of(new Metadata(name(), random.nextInt(9), Map.of(text(), text())));
        } else if (type == GuestSlot.class) {
            return Optional.of(new GuestSlot(random.nextInt(32), random.nextInt(8)));
        } else if (type == Property.class) {
            return Optional.of(new Property(name(), text()));
        } else if (type == GuestDevice.class) {
            GuestDevice device = (GuestDevice) construct(type);
            return Optional.of(new GuestDevice(name(), device.kind(), device.backend(), device.bus(), device.slot()));
        } else if (type == PlacementRules.class) {
            return Optional.of(new PlacementRules(
                    IntStream.range(0, random.nextInt(3)).mapToObj(i -> name()).toList(),
                    Map.of(text(), text()),
                    Optional.of(text()),
                    (PlacementRules.Strategy) value(PlacementRules.Strategy.class, ""),
                    (PlacementRules.Numa) value(PlacementRules.Numa.class, ""),
                    Map.of(text(), text()),
                    Optional.of(text())));
        } else if (type == Action.Drain.class) {
            return Optional.of(new Action.Drain(name(), Action.MigrationMode.COLD, Optional.of(1 + random.nextInt(9))));
        } else if (type == Action.Migrate.class) {
            return Optional.of(new Action.Migrate(name(), Optional.of(name()), Action.MigrationMode.LIVE));
        } else if (type == Action.Cancel.class) {
            return Optional.of(new Action.Cancel(name()));
        } else if (type == Action.FinalizeFeatureLevel.class) {
            return Optional.of(new Action.FinalizeFeatureLevel(1 + random.nextInt(9)));
        } else if (type == Operation.class) {
            return Optional.of(new Operation(name(), random.nextInt(9), (Action) value(Action.class, "")));
        } else if (type == Policy.Rule.Quota.class) {
            return Optional.of(new Policy.Rule.Quota(
                    text(),
                    Optional.of(random.nextInt(1 << 16)),
                    Optional.empty(),
                    Optional.of(random.nextLong(1L << 40))));
        } else if (type == Policy.Rule.Limits.class) {
            return Optional.of(new Policy.Rule.Limits(
                    Optional.of(1 + random.nextInt(9)), Optional.of(text()), Optional.of(1 + random.nextInt(100))));
        } else if (type == GuestStep.class) {
            return Optional.of(new RandomGuest(random).step(name()));
        } else if (type == HostFault.class) {
            return Optional.of(fault());
        } else if (type == VmSpec.class) {
            return Optional.of(withMatches((VmSpec) construct(type)));
        } else if (type.isSealed() && type.isInterface()) {
            Class<?>[] kinds = type.getPermittedSubclasses();
            return Optional.of(value(kinds[random.nextInt(kinds.length)], ""));
        }
        return Optional.empty();
    }

    private HostFault fault() {
        Optional<String> ioctl = random.nextBoolean()
                ? Optional.of(HostFault.CALLS.get(random.nextInt(HostFault.CALLS.size())))
                : Optional.empty();
        Optional<Long> number =
                ioctl.isEmpty() || random.nextBoolean() ? Optional.of(1 + random.nextLong(1000)) : Optional.empty();
        return new HostFault(
                ioctl,
                number,
                switch (random.nextInt(3)) {
                    case 0 -> new Effect.Fail(HostFault.ERRNOS.get(random.nextInt(HostFault.ERRNOS.size())));
                    case 1 -> new Effect.Slow(1000 * (1 + random.nextLong(60_000_000)));
                    default -> new Effect.Lose((Bdf) value(Bdf.class, ""));
                });
    }

    private VmSpec withMatches(VmSpec spec) {
        Map<String, DeviceMatch> matches = new HashMap<>();
        spec.configuration()
                .devices()
                .forEach(device -> matches.put(device.id(), (DeviceMatch) value(DeviceMatch.class, "")));
        return new VmSpec(
                spec.configuration(),
                spec.memoryBytes(),
                matches,
                spec.placement(),
                spec.onHostLoss(),
                spec.strict(),
                spec.rulesVersion(),
                spec.deleted(),
                matches.keySet().stream()
                        .sorted()
                        .map(device -> new RandomGuest(random).step(device))
                        .toList());
    }

    private Object container(Class<?> type, Type[] arguments, String component) {
        if (type == Optional.class) {
            return random.nextBoolean() ? Optional.of(value(arguments[0], component)) : Optional.empty();
        }
        int size = random.nextInt(4);
        if (type == Map.class) {
            Map<Object, Object> map = new HashMap<>();
            for (int i = 0; i < size; i++) {
                map.put(value(arguments[0], component), value(arguments[1], component));
            }
            return map;
        }
        List<Object> items = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            items.add(value(arguments[0], component));
        }
        return type == Set.class ? new HashSet<>(items) : items;
    }

    private Object construct(Class<?> type) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] values = Arrays.stream(components)
                .map(component -> value(component.getGenericType(), component.getName()))
                .toArray();
        try {
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException failure) {
            throw new LinkageError("cannot make a " + type, failure);
        }
    }

    private String name() {
        return "n" + Long.toString(random.nextLong(1L << 40), 36);
    }

    private String text() {
        int[] codePoints = LETTERS.codePoints().toArray();
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(8); i >= 0; i--) {
            text.appendCodePoint(codePoints[random.nextInt(codePoints.length)]);
        }
        return text.toString();
    }
}
