package sluice.runtime.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.servlet.ServletException;
import javax.servlet.ServletInputStream;
import javax.servlet.http.Cookie;
import javax.servlet.http.Part;
import sluice.runtime.Invocation;

/** The request of an HttpRequestHandler. */
public final class FunctionRequest extends WithoutContainer {
    private static final String FORM = "application/x-www-form-urlencoded";
    /** The specification's default port of the scheme. */
    private static final int HTTP_PORT = 80;

    private final JsonNode head;
    private final RequestBody body;
    /** Spelt as Function Compute names them. */
    private final Map<String, Object> attributes = new LinkedHashMap<>();
    private Map<String, String[]> parameters;
    private String encoding;
    private BufferedReader reader;

    public FunctionRequest(Invocation invocation) {
        head = invocation.head;
        body = new RequestBody(invocation);
        attributes.put("FC_REQUEST_PATH", text("path"));
        attributes.put("FC_REQUEST_URI", text("url"));
        attributes.put("FC_REQUEST_CLIENT_IP", text("clientIp"));
        encoding = MediaType.charsetOf(getContentType());
    }

    private String text(String name) {
        return head.path(name).asText();
    }

    // The line and the address

    @Override
    public String getMethod() {
        return text("method");
    }

    @Override
    public String getRequestURI() {
        String url = text("url");
        int query = url.indexOf('?');
        return query < 0 ? url : url.substring(0, query);
    }

    @Override
    public StringBuffer getRequestURL() {
        String host = getHeader("Host");
        return new StringBuffer(getScheme() + "://" + (host == null ? getServerName() : host) + getRequestURI());
    }

    @Override
    public String getPathInfo() {
        return text("path");
    }

    @Override
    public String getQueryString() {
        String query = text("query");
        return query.isEmpty() ? null : query;
    }

    @Override
    public String getProtocol() {
        return text("protocol");
    }

    @Override
    public String getScheme() {
        String forwarded = getHeader("X-Forwarded-Proto");
        return forwarded == null ? "http" : forwarded;
    }

    @Override
    public boolean isSecure() {
        return getScheme().equals("https");
    }

    @Override
    public String getServerName() {
        String host = getHeader("Host");
        if (host == null) return text("domainName");
        int colon = host.indexOf(':', host.lastIndexOf(']') + 1);
        return colon < 0 ? host : host.substring(0, colon);
    }

    @Override
    public int getServerPort() {
        String host = getHeader("Host");
        int colon = host == null ? -1 : host.indexOf(':', host.lastIndexOf(']') + 1);
        try {
            return colon < 0 ? HTTP_PORT : Integer.parseInt(host.substring(colon + 1));
        } catch (NumberFormatException error) {
            return HTTP_PORT;
        }
    }

    @Override
    public String getRemoteAddr() {
        return text("clientIp");
    }

    // Headers

    private List<String> valuesOf(String name) {
        List<String> values = new ArrayList<>();
        JsonNode flat = head.path("headers");
        for (int i = 0; i + 1 < flat.size(); i += 2) {
            if (flat.get(i).asText().equalsIgnoreCase(name)) values.add(flat.get(i + 1).asText());
        }
        return values;
    }

    /** The value, of several the first. */
    @Override
    public String getHeader(String name) {
        List<String> values = valuesOf(name);
        return values.isEmpty() ? null : values.get(0);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
        return Collections.enumeration(valuesOf(name));
    }

    @Override
    public Enumeration<String> getHeaderNames() {
        Map<String, String> names = new LinkedHashMap<>();
        JsonNode flat = head.path("headers");
        for (int i = 0; i < flat.size(); i += 2) {
            String name = flat.get(i).asText();
            names.putIfAbsent(name.toLowerCase(Locale.ROOT), name);
        }
        return Collections.enumeration(names.values());
    }

    @Override
    public int getIntHeader(String name) {
        String value = getHeader(name);
        return value == null ? -1 : Integer.parseInt(value);
    }

    @Override
    public long getDateHeader(String name) {
        String value = getHeader(name);
        if (value == null) return -1;
        try {
            return ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant().toEpochMilli();
        } catch (DateTimeParseException error) {
            throw new IllegalArgumentException("header " + name + " is not a date: " + value);
        }
    }

    @Override
    public Cookie[] getCookies() {
        List<Cookie> cookies = new ArrayList<>();
        for (String line : valuesOf("Cookie")) {
            for (String pair : line.split(";\\s*")) {
                int equals = pair.indexOf('=');
                if (equals > 0) addCookie(cookies, pair.substring(0, equals), pair.substring(equals + 1));
            }
        }
        return cookies.isEmpty() ? null : cookies.toArray(Cookie[]::new);
    }

    private static void addCookie(List<Cookie> cookies, String name, String value) {
        try {
            cookies.add(new Cookie(name, value));
        } catch (IllegalArgumentException error) {
            // A name that Cookie does not accept; the header has it.
        }
    }

    @Override
    public String getContentType() {
        return getHeader("Content-Type");
    }

    @Override
    public long getContentLengthLong() {
        String length = getHeader("Content-Length");
        return length == null || !length.matches("[0-9]{1,18}") ? -1 : Long.parseLong(length);
    }

    @Override
    public int getContentLength() {
        long length = getContentLengthLong();
        return length > Integer.MAX_VALUE ? -1 : (int) length;
    }

    @Override
    public Enumeration<Locale> getLocales() {
        List<Locale> locales = new ArrayList<>();
        try {
            String accepted = getHeader("Accept-Language");
            if (accepted != null) {
                for (Locale.LanguageRange range : Locale.LanguageRange.parse(accepted)) {
                    locales.add(Locale.forLanguageTag(range.getRange()));
                }
            }
        } catch (IllegalArgumentException error) {
            // What cannot be understood asks for nothing.
        }
        if (locales.isEmpty()) locales.add(Locale.getDefault());
        return Collections.enumeration(locales);
    }

    @Override
    public Locale getLocale() {
        return getLocales().nextElement();
    }

    // The body

    @Override
    public ServletInputStream getInputStream() {
        return body;
    }

    @Override
    public BufferedReader getReader() {
        if (reader == null) reader = new BufferedReader(new InputStreamReader(body, charset(StandardCharsets.ISO_8859_1)));
        return reader;
    }

    private Charset charset(Charset otherwise) {
        return encoding == null ? otherwise : Charset.forName(encoding);
    }

    @Override
    public String getCharacterEncoding() {
        return encoding;
    }

    @Override
    public void setCharacterEncoding(String name) {
        encoding = Charset.forName(name).name();
    }

    @Override
    public Collection<Part> getParts() throws ServletException {
        throw new ServletException("multipart bodies are not taken apart: read the body");
    }

    @Override
    public Part getPart(String name) throws ServletException {
        throw new ServletException("multipart bodies are not taken apart: read the body");
    }

    // Parameters: of the query, then of a form, which reads the body

    private Map<String, String[]> parameters() {
        if (parameters == null) {
            Map<String, List<String>> lists = new LinkedHashMap<>();
            Parameters.add(lists, text("query"), StandardCharsets.UTF_8);
            String type = getContentType();
            if (getMethod().equals("POST") && type != null && type.toLowerCase(Locale.ROOT).startsWith(FORM)) {
                try {
                    String form = new String(body.readAllBytes(), StandardCharsets.ISO_8859_1);
                    Parameters.add(lists, form, charset(StandardCharsets.UTF_8));
                } catch (IOException error) {
                    throw new IllegalStateException(error);
                }
            }
            Map<String, String[]> arrays = new LinkedHashMap<>();
            lists.forEach((name, values) -> arrays.put(name, values.toArray(String[]::new)));
            parameters = Collections.unmodifiableMap(arrays);
        }
        return parameters;
    }

    @Override
    public String getParameter(String name) {
        String[] values = parameters().get(name);
        return values == null ? null : values[0];
    }

    @Override
    public Enumeration<String> getParameterNames() {
        return Collections.enumeration(parameters().keySet());
    }

    @Override
    public String[] getParameterValues(String name) {
        return parameters().get(name);
    }

    @Override
    public Map<String, String[]> getParameterMap() {
        return parameters();
    }

    // Attributes

    @Override
    public Object getAttribute(String name) {
        return attributes.get(name);
    }

    @Override
    public Enumeration<String> getAttributeNames() {
        return Collections.enumeration(List.copyOf(attributes.keySet()));
    }

    @Override
    public void setAttribute(String name, Object value) {
        if (value == null) attributes.remove(name);
        else attributes.put(name, value);
    }

    @Override
    public void removeAttribute(String name) {
        attributes.remove(name);
    }
}
