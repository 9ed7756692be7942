package io.viommufleet.common.input;

import io.viommufleet.common.viommu.ConfigurationError;
import java.util.List;

/** Reads an input of any format that we know. */
public final class Inputs {
    /** The most that one input may have, in bytes. */
    public static final int MAX_BYTES = 4 << 20;

    private Inputs() {}

    /**
     * Reads every document of an input; none if its format is {@link InputFormat#UNKNOWN}. Never throws for what is in
     * the bytes.
     *
     * @param source how messages and answers call the input, such as the path of the file
     */
    public static List<ParsedDocument> read(String source, byte[] bytes) {
        if (bytes.length > MAX_BYTES) {
            return List.of(tooLarge(source, bytes.length));
        }
        return switch (InputFormat.detect(bytes)) {
            case LIBVIRT_XML -> List.of(DomainXmlParser.read(source, bytes));
            case QEMU_ARGUMENTS -> List.of(QemuArgumentsParser.read(source, bytes));
            case YAML -> YamlParser.read(source, bytes);
            case UNKNOWN -> List.of();
        };
    }

    private static ParsedDocument tooLarge(String source, int size) {
        return new ParsedDocument.Unusable(
                source,
                "",
                List.of(new ConfigurationError(
                        "",
                        "",
                        "too-large",
                        "the input has %d bytes; at most %d are read".formatted(size, MAX_BYTES))));
    }
}
