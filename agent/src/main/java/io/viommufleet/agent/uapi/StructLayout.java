package io.viommufleet.agent.uapi;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The layout of a struct that an ioctl takes by pointer. The first field, 32 bits, is the size of the caller's struct; every field is aligned to its own
 * width, as the headers see to.
 */
public final class StructLayout {
    private final String name;
    private final int request;
    private final int minimumBytes;
    private final Map<String, Field> fields;
    private final int sizeBytes;

    private StructLayout(Builder builder) {
        this.name = builder.name;
        this.request = builder.request;
        this.fields = new LinkedHashMap<>();
        builder.fields.forEach(field -> fields.put(field.name(), field));
        int end = builder.fields.getLast().end();
        int widest = builder.fields.stream().mapToInt(Field::bytes).max().orElse(Integer.BYTES);
        this.sizeBytes = (end + widest - 1) / widest * widest;
        this.minimumBytes = builder.minimumBytes == 0 ? sizeBytes : builder.minimumBytes;
    }

    /** Begins the layout of the struct of an ioctl, whose first field is called {@code size}. */
    static Builder of(String name, int request) {
        return new Builder(name, request, "size");
    }

    /** Begins the layout of a struct of VFIO, whose first field is called {@code argsz}. */
    static Builder ofVfio(String name, int request) {
        return new Builder(name, request, "argsz");
    }

    /** Name of the ioctl, without prefix. */
    public String name() {
        return name;
    }

    /** Number of the ioctl. */
    public int request() {
        return request;
    }

    /** Smallest size that a caller may give. */
    public int minimumBytes() {
        return minimumBytes;
    }

    /** Size of the struct that this kernel knows. */
    public int sizeBytes() {
        return sizeBytes;
    }

    /** The fields in order, the size first. */
    public List<Field> fields() {
        return List.copyOf(fields.values());
    }

    /** The field of a name. */
    public Field field(String fieldName) {
        Field field = fields.get(fieldName);
        if (field == null) {
            throw new IllegalArgumentException(
                    "%s has no field %s, only %s".formatted(name, fieldName, fields.keySet()));
        }
        return field;
    }

    /** Lines up fields one after the other. */
    static final class Builder {
        private final String name;
        private final int request;
        private final List<Field> fields = new ArrayList<>();
        private int minimumBytes;
        private int offset;

        private Builder(String name, int request, String sizeField) {
            this.name = name;
            this.request = request;
            in32(sizeField);
        }

        Builder in8(String field) {
            return add(field, Byte.BYTES, Field.Use.IN);
        }

        Builder in16(String field) {
            return add(field, Short.BYTES, Field.Use.IN);
        }

        Builder in32(String... names) {
            for (String field : names) {
                add(field, Integer.BYTES, Field.Use.IN);
            }
            return this;
        }

        Builder in64(String... names) {
            for (String field : names) {
                add(field, Long.BYTES, Field.Use.IN);
            }
            return this;
        }

        Builder out8(String field) {
            return add(field, Byte.BYTES, Field.Use.OUT);
        }

        Builder out32(String... names) {
            for (String field : names) {
                add(field, Integer.BYTES, Field.Use.OUT);
            }
            return this;
        }

        Builder out64(String field) {
            return add(field, Long.BYTES, Field.Use.OUT);
        }

        Builder inOut32(String field) {
            return add(field, Integer.BYTES, Field.Use.IN_OUT);
        }

        Builder inOut64(String field) {
            return add(field, Long.BYTES, Field.Use.IN_OUT);
        }

        /** What precedes must be given; what follows may be missing. */
        Builder optionalFromHere() {
            minimumBytes = offset;
            return this;
        }

        StructLayout build() {
            return new StructLayout(this);
        }

        private Builder add(String field, int bytes, Field.Use use) {
            int aligned = (offset + bytes - 1) / bytes * bytes;
            fields.add(new Field(field, aligned, bytes, use));
            offset = aligned + bytes;
            return this;
        }
    }
}
