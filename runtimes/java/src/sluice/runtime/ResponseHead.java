package sluice.runtime;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.regex.Pattern;

/** The head of RESPONSE to an HTTP request, checked so that no handler can break the response apart. */
public final class ResponseHead {
    private static final int LENGTH_MAX = 65_536;
    private static final Pattern NAME = Pattern.compile("[!#$%&'*+\\-.^_`|~0-9A-Za-z]+");

    private final ObjectNode head = Json.object();
    private final ArrayNode headers;

    public ResponseHead(int status) {
        if (!isStatus(status)) throw new IllegalArgumentException(status + " is not a status code, accepted are 200 to 599");
        head.put("status", status);
        headers = head.putArray("headers");
    }

    public static boolean isStatus(int status) {
        return status >= 200 && status <= 599;
    }

    /** Throws IllegalArgumentException. */
    public static void check(String name, String value) {
        if (!NAME.matcher(name).matches()) throw new IllegalArgumentException("header name '" + name + "' is not a token");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\r' || c == '\n' || c == '\0') {
                throw new IllegalArgumentException("the value of header " + name + " holds a line break or NUL");
            }
        }
    }

    public void add(String name, String value) {
        check(name, value);
        headers.add(name).add(value);
    }

    public byte[] encode() {
        byte[] encoded = Json.write(head);
        if (encoded.length > LENGTH_MAX) {
            throw new IllegalArgumentException(
                "the headers have " + encoded.length + " bytes, at most " + LENGTH_MAX + " are accepted");
        }
        return encoded;
    }
}
