package sluice.runtime;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Map;
import sluice.runtime.http.Parameters;

/** HTTP requests of generation 3: the request as a JSON event, the answer `{statusCode, headers, body, isBase64Encoded}`. */
final class HttpEvent {
    private static final DateTimeFormatter TIME =
        DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final byte[] STATUS_CODE = "\"statusCode\"".getBytes(StandardCharsets.UTF_8);

    record Answer(byte[] head, byte[] body) {}

    private HttpEvent() {}

    /** The event as handlers get it: bytes of JSON. */
    static byte[] build(JsonNode head, byte[] body, String accountId) {
        ObjectNode event = Json.object();
        event.put("version", "v1");
        event.put("rawPath", head.path("rawPath").asText());
        ObjectNode headers = event.putObject("headers");
        JsonNode flat = head.path("headers");
        for (int i = 0; i + 1 < flat.size(); i += 2) {
            append(headers, canonicalName(flat.get(i).asText()), flat.get(i + 1).asText());
        }
        ObjectNode parameters = event.putObject("queryParameters");
        String query = head.path("query").asText();
        Parameters.forEach(query, StandardCharsets.UTF_8, (name, value) -> append(parameters, name, value));
        String text = textOf(body);
        event.put("body", text == null ? Base64.getEncoder().encodeToString(body) : text);
        event.put("isBase64Encoded", text == null);
        ObjectNode context = event.putObject("requestContext");
        String domainName = head.path("domainName").asText();
        long nowMs = System.currentTimeMillis();
        context.put("accountId", accountId);
        context.put("domainName", domainName);
        context.put("domainPrefix", domainName.split("\\.", 2)[0]);
        context.put("requestId", head.path("requestId").asText());
        context.put("time", TIME.format(Instant.ofEpochMilli(nowMs)));
        context.put("timeEpoch", String.valueOf(nowMs));
        context.put("triggerId", head.path("triggerId").asText());
        ObjectNode http = context.putObject("http");
        http.put("method", head.path("method").asText());
        http.put("path", head.path("path").asText());
        http.put("protocol", head.path("protocol").asText());
        http.put("sourceIp", head.path("clientIp").asText());
        http.put("userAgent", headers.path("User-Agent").asText());
        return Json.write(event);
    }

    /** `x-REQUEST-id` becomes `X-Request-Id`. */
    static String canonicalName(String name) {
        StringBuilder canonical = new StringBuilder(name.length());
        boolean isStart = true;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            canonical.append(isStart ? Character.toUpperCase(c) : Character.toLowerCase(c));
            isStart = c == '-';
        }
        return canonical.toString();
    }

    private static void append(ObjectNode target, String name, String value) {
        JsonNode before = target.get(name);
        target.put(name, before == null ? value : before.asText() + "," + value);
    }

    /** Null for bytes that are not UTF-8. */
    private static String textOf(byte[] body) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
        } catch (CharacterCodingException error) {
            return null;
        }
    }

    /** What the handler answered, as head and body of RESPONSE. */
    static Answer translate(byte[] result) {
        JsonNode answer = asHttpAnswer(result);
        if (answer == null) {
            ResponseHead head = new ResponseHead(200);
            head.add("Content-Type", "application/json");
            return new Answer(head.encode(), result);
        }
        try {
            ResponseHead head = new ResponseHead(statusOf(answer.get("statusCode")));
            for (Map.Entry<String, JsonNode> header : answer.path("headers").properties()) {
                JsonNode values = header.getValue();
                if (!values.isArray()) head.add(header.getKey(), textOf(values));
                else for (JsonNode value : values) head.add(header.getKey(), textOf(value));
            }
            return new Answer(head.encode(), bodyOf(answer));
        } catch (IllegalArgumentException error) {
            throw new RuntimeFailure("BadResponse", "the answer to an HTTP request cannot be sent: " + error.getMessage());
        }
    }

    /** An object with a statusCode; else null. */
    private static JsonNode asHttpAnswer(byte[] result) {
        if (!contains(result, STATUS_CODE)) return null;
        try {
            JsonNode answer = Json.parse(result);
            return answer.hasNonNull("statusCode") ? answer : null;
        } catch (IOException error) {
            return null;
        }
    }

    private static int statusOf(JsonNode value) {
        if (value.isIntegralNumber() || value.isTextual() && value.asText().matches("[0-9]{3}")) return value.asInt();
        throw new IllegalArgumentException("statusCode " + value + " is not a status code, accepted are 200 to 599");
    }

    private static byte[] bodyOf(JsonNode answer) {
        JsonNode body = answer.path("body");
        if (body.isMissingNode() || body.isNull()) return new byte[0];
        if (body.isTextual() && answer.path("isBase64Encoded").asBoolean()) {
            return Base64.getMimeDecoder().decode(body.asText());
        }
        return textOf(body).getBytes(StandardCharsets.UTF_8);
    }

    private static String textOf(JsonNode value) {
        return value.isContainerNode() ? value.toString() : value.asText();
    }

    private static boolean contains(byte[] bytes, byte[] wanted) {
        for (int i = 0; i <= bytes.length - wanted.length; i++) {
            int same = 0;
            while (same < wanted.length && bytes[i + same] == wanted[same]) same++;
            if (same == wanted.length) return true;
        }
        return false;
    }
}
