package io.viommufleet.common.input;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** An element of a small, safe XML tree: no document type, no entity but XML's own five, bounded depth. One thread. */
final class XmlElement {
    private static final int MAX_DEPTH = 64;

    private final String name;
    private final String namespace;
    private final Map<String, String> attributes = new HashMap<>();
    private final List<XmlElement> children = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();

    private XmlElement(XMLStreamReader reader) {
        this.name = reader.getLocalName();
        this.namespace = Optional.ofNullable(reader.getNamespaceURI()).orElse("");
        for (int i = 0; i < reader.getAttributeCount(); i++) {
            attributes.put(reader.getAttributeLocalName(i), reader.getAttributeValue(i));
        }
    }

    /** Why a text is no XML that we read. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1;

        private final String rule;

        Malformed(String rule, String message) {
            super(message);
            this.rule = rule;
        }

        String rule() {
            return rule;
        }
    }

    /** The root element of a document. */
    static XmlElement read(byte[] bytes) throws Malformed {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_COALESCING, true);
        try {
            return read(factory.createXMLStreamReader(new ByteArrayInputStream(bytes)));
        } catch (XMLStreamException malformed) {
            throw new Malformed("malformed-xml", "not XML: " + Text.oneLine(String.valueOf(malformed.getMessage())));
        } catch (RuntimeException broken) { // the JDK's reader has unchecked ways to fail on broken encodings and names
            throw new Malformed("malformed-xml", "not XML: " + Text.oneLine(String.valueOf(broken.getMessage())));
        }
    }

    private static XmlElement read(XMLStreamReader reader) throws XMLStreamException, Malformed {
        List<XmlElement> open = new ArrayList<>();
        List<XmlElement> roots = new ArrayList<>();
        while (reader.hasNext()) {
            switch (reader.next()) {
                case XMLStreamConstants.START_ELEMENT -> {
                    XmlElement element = new XmlElement(reader);
                    (open.isEmpty() ? roots : open.getLast().children).add(element);
                    open.add(element);
                    if (open.size() > MAX_DEPTH) {
                        throw new Malformed("too-deep", "elements are nested more than %d deep".formatted(MAX_DEPTH));
                    }
                }
                case XMLStreamConstants.END_ELEMENT -> open.removeLast();
                case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
                    if (!open.isEmpty()) {
                        open.getLast().text.append(reader.getText());
                    }
                }
                case XMLStreamConstants.DTD ->
                    throw new Malformed("doctype-refused", "a document type is refused: remove <!DOCTYPE …>");
                case XMLStreamConstants.ENTITY_REFERENCE ->
                    throw new Malformed("entity-refused", "entities are refused: write the text itself");
                default -> {}
            }
        }
        return roots.getFirst();
    }

    String name() {
        return name;
    }

    String namespace() {
        return namespace;
    }

    Map<String, String> attributes() {
        return attributes;
    }

    String text() {
        return text.toString().strip();
    }

    List<XmlElement> children() {
        return children;
    }

    List<XmlElement> children(String wanted) {
        return children.stream().filter(child -> child.name.equals(wanted)).toList();
    }

    /** The first element on a path of names below this one. */
    Optional<XmlElement> child(String... path) {
        Optional<XmlElement> found = Optional.of(this);
        for (String step : path) {
            found = found.flatMap(element -> element.children(step).stream().findFirst());
        }
        return found;
    }

    Optional<String> attribute(String wanted) {
        return Optional.ofNullable(attributes.get(wanted));
    }

    /** An attribute, or the empty string. */
    String get(String wanted) {
        return attributes.getOrDefault(wanted, "");
    }

    /** The number in an attribute, decimal or with 0x in hexadecimal, from 0 to 0xffff. */
    Optional<Integer> number(String wanted) {
        return attribute(wanted).flatMap(XmlElement::parsedNumber);
    }

    private static Optional<Integer> parsedNumber(String text) {
        try {
            int number = text.startsWith("0x") ? Integer.parseInt(text.substring(2), 16) : Integer.parseInt(text);
            return Optional.of(number).filter(n -> n >= 0 && n <= 0xffff);
        } catch (NumberFormatException none) {
            return Optional.empty();
        }
    }
}
