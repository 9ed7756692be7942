package io.viommufleet.common.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.IommuType;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.ReservedRegion;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.model.VmSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;

/** How the records map to JSON: by their components, except for those that have a spelling of their own. */
final class RecordModule {
    private RecordModule() {}

    static JsonMapper mapper() {
        return JsonMapper.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
                .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .changeDefaultPropertyInclusion(value -> value.withValueInclusion(JsonInclude.Include.NON_ABSENT))
                .withConfigOverride(List.class, empty -> empty.setNullHandling(emptyForNull()))
                .withConfigOverride(Set.class, empty -> empty.setNullHandling(emptyForNull()))
                .withConfigOverride(Map.class, empty -> empty.setNullHandling(emptyForNull()))
                .addMixIn(Attachment.class, WithRole.class)
                .addMixIn(Outcome.class, WithGuest.class)
                .addMixIn(HostInventory.class, WithFaults.class)
                .addMixIn(Placement.class, WithAttempts.class)
                .addMixIn(Placement.Leg.class, WithMemoryByNode.class)
                .addMixIn(HostState.class, WithFencedBoots.class)
                .addModule(module())
                .build();
    }

    /** A list or map that an older writer did not know is empty. */
    private static JsonSetter.Value emptyForNull() {
        return JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY);
    }

    private static SimpleModule module() {
        SimpleModule module = new SimpleModule("viommu-fleet");
        text(module, Bdf.class, Bdf::toString, Bdf::parse);
        text(module, AttachmentId.class, AttachmentId::toString, AttachmentId::parse);
        text(module, GuestStep.class, GuestStepText::write, GuestStepText::parse);
        defaulted(module, Attachment.Role.class, Attachment.Role.ACTIVE);
        text(module, IommuType.class, IommuType::id, RecordModule::iommuType);
        tree(module, VirtualMachine.class, VmTree::write, tree -> VmTree.read(tree, UnknownKeys.REFUSED));
        tree(module, VmSpec.class, VmTree::write, tree -> VmTree.readSpec(tree, UnknownKeys.TOLERATED));
        tree(
                module,
                ConfigurationSpec.class,
                VmTree::write,
                tree -> VmTree.readConfiguration(tree, UnknownKeys.TOLERATED));
        tree(module, HostFault.class, FaultTree::write, tree -> FaultTree.read(tree, UnknownKeys.TOLERATED));
        tree(module, Action.class, ActionTree::write, tree -> ActionTree.read(tree, UnknownKeys.REFUSED));
        tree(module, Policy.class, PolicyTree::write, tree -> PolicyTree.read(tree, UnknownKeys.REFUSED));
        tree(module, Policy.Rule.class, PolicyTree::write, tree -> PolicyTree.readRule(tree, UnknownKeys.TOLERATED));
        mapped(module, ReservedRegion.class, WrittenRegion.class, WrittenRegion::of, WrittenRegion::read);
        mapped(module, HostIommu.class, WrittenIommu.class, WrittenIommu::of, WrittenIommu::read);
        return module;
    }

    private static IommuType iommuType(String text) {
        return Arrays.stream(IommuType.values())
                .filter(type -> type.id().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'%s' is no IOMMU type; known are %s"
                        .formatted(
                                text,
                                Arrays.stream(IommuType.values())
                                        .map(IommuType::id)
                                        .collect(Collectors.joining(", ")))));
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }

    private static long unhex(String text) {
        if (!text.startsWith("0x")) {
            throw new IllegalArgumentException(
                    "'%s' is no register value; write 0x and up to 16 digits".formatted(text));
        }
        return Long.parseUnsignedLong(text.substring(2), 16);
    }

    private static <T> void text(
            SimpleModule module, Class<T> type, Function<T, String> write, Function<String, T> read) {
        mapped(module, type, String.class, write, read);
    }

    private static <T> void tree(
            SimpleModule module,
            Class<T> type,
            Function<T, ? extends JsonNode> write,
            Function<JsonNode, TreeResult<T>> read) {
        mapped(module, type, JsonNode.class, write, tree -> {
            TreeResult<T> result = read.apply(tree);
            return result.value()
                    .orElseThrow(() -> new IllegalArgumentException(
                            result.errors().stream().map(TreeError::toString).collect(Collectors.joining("; "))));
        });
    }

    /** A constant that older writers had none of; where it is missing it is {@code byDefault}. */
    private static <E extends Enum<E>> void defaulted(SimpleModule module, Class<E> type, E byDefault) {
        module.addDeserializer(type, new ValueDeserializer<E>() {
            @Override
            public E deserialize(JsonParser parser, DeserializationContext context) {
                String text = context.readValue(parser, String.class);
                return Arrays.stream(type.getEnumConstants())
                        .filter(constant -> constant.name().equals(text))
                        .findFirst()
                        .orElseGet(() -> context.reportInputMismatch(
                                type, "'%s' is none of %s", text, Arrays.toString(type.getEnumConstants())));
            }

            @Override
            public Object getAbsentValue(DeserializationContext context) {
                return byDefault;
            }
        });
    }

    /** Writes values of one type as those of another. */
    private static <T, W> void mapped(
            SimpleModule module, Class<T> type, Class<W> written, Function<T, ? extends W> write, Function<W, T> read) {
        module.addSerializer(type, new ValueSerializer<T>() {
            @Override
            public void serialize(T value, JsonGenerator generator, SerializationContext context) {
                context.writeValue(generator, write.apply(value));
            }
        });
        module.addDeserializer(type, new ValueDeserializer<T>() {
            @Override
            public T deserialize(JsonParser parser, DeserializationContext context) {
                W value = context.readValue(parser, written);
                try {
                    return read.apply(value);
                } catch (IllegalArgumentException refused) {
                    return context.reportInputMismatch(type, "%s", refused.getMessage());
                }
            }
        });
    }

    /** Hosts that older writers had no {@code faults} in: without any they are still written the same. */
    interface WithFaults {
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<?> faults();
    }

    /** Placements that older writers had no {@code attempts} in. */
    interface WithAttempts {
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<?> attempts();
    }

    /** Legs that older writers had no {@code memoryByNode} in. */
    interface WithMemoryByNode {
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        Map<?, ?> memoryByNode();
    }

    /** Host states that older writers had no fenced boots and failures in. */
    interface WithFencedBoots {
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<?> fencedBoots();

        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        Map<?, ?> groupFailures();
    }

    /** Commands that older writers had no {@code role} in. */
    interface WithRole extends WithGuest {
        @JsonInclude(value = JsonInclude.Include.CUSTOM, valueFilter = ActiveRole.class)
        Attachment.Role role();
    }

    /** Equal to what is not written. */
    static final class ActiveRole {
        @Override
        public boolean equals(@Nullable Object other) {
            return other == Attachment.Role.ACTIVE;
        }

        @Override
        public int hashCode() {
            return Attachment.Role.ACTIVE.hashCode();
        }
    }

    /** Records that older writers had no {@code guest} in: without steps they are still written the same. */
    interface WithGuest {
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<?> guest();
    }

    /** A reserved region with its addresses in hexadecimal. */
    record WrittenRegion(String start, String last, String type) {
        static WrittenRegion of(ReservedRegion region) {
            return new WrittenRegion(hex(region.start()), hex(region.last()), region.type());
        }

        ReservedRegion read() {
            return new ReservedRegion(unhex(start), unhex(last), type);
        }
    }

    /** An IOMMU with its registers in hexadecimal. */
    record WrittenIommu(String id, IommuType type, Map<String, String> registers) {
        static WrittenIommu of(HostIommu iommu) {
            Map<String, String> registers = new TreeMap<>();
            iommu.registers().forEach((name, value) -> registers.put(name, hex(value)));
            return new WrittenIommu(iommu.id(), iommu.type(), registers);
        }

        HostIommu read() {
            Map<String, Long> values = new LinkedHashMap<>();
            registers.forEach((name, value) -> values.put(name, unhex(value)));
            return new HostIommu(id, type, values);
        }
    }
}
