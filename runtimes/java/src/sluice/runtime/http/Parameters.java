package sluice.runtime.http;

import java.net.URLDecoder;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Of a query or a form: `a=1&b=x%20y`. */
public final class Parameters {
    public interface Consumer {
        void accept(String name, String value);
    }

    private Parameters() {}

    public static void forEach(String encoded, Charset charset, Consumer consumer) {
        for (String pair : encoded.split("&")) {
            if (pair.isEmpty()) continue;
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            consumer.accept(decoded(name, charset), equals < 0 ? "" : decoded(pair.substring(equals + 1), charset));
        }
    }

    static void add(Map<String, List<String>> target, String encoded, Charset charset) {
        forEach(encoded, charset, (name, value) -> target.computeIfAbsent(name, (key) -> new ArrayList<>()).add(value));
    }

    private static String decoded(String text, Charset charset) {
        try {
            return URLDecoder.decode(text, charset);
        } catch (IllegalArgumentException error) {
            // A % that escapes nothing stands for itself.
            return text;
        }
    }
}
