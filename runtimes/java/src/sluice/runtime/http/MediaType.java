package sluice.runtime.http;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Of a content type such as `text/html; charset=utf-8`. */
final class MediaType {
    private static final Pattern CHARSET = Pattern.compile("(?i);\\s*charset=\"?([^\";\\s]+)");

    private MediaType() {}

    /** Null when it names none. */
    static String charsetOf(String type) {
        if (type == null) return null;
        Matcher matcher = CHARSET.matcher(type);
        return matcher.find() ? matcher.group(1) : null;
    }
}
