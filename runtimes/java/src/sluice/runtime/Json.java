package sluice.runtime;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/** JSON of the channel. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** Throws IOException for what is no JSON object. */
    static JsonNode parse(byte[] bytes, int offset, int length) throws IOException {
        JsonNode node = MAPPER.readTree(bytes, offset, length);
        if (!node.isObject()) throw new IOException("JSON that is no object");
        return node;
    }

    static JsonNode parse(byte[] bytes) throws IOException {
        return parse(bytes, 0, bytes.length);
    }

    static byte[] write(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException(error);
        }
    }
}
