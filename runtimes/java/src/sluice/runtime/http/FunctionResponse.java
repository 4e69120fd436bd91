package sluice.runtime.http;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.servlet.ServletOutputStream;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServletResponse;
import sluice.runtime.Invocation;
import sluice.runtime.ResponseHead;

/** The response of an HttpRequestHandler. */
public final class FunctionResponse implements HttpServletResponse {
    private static final int BUFFER_BYTES = 16_384;
    private static final String CONTENT_TYPE = "Content-Type";
    private static final DateTimeFormatter DATE = DateTimeFormatter.RFC_1123_DATE_TIME.withZone(ZoneOffset.UTC);

    private record Header(String name, String value) {}

    private final Invocation invocation;
    private final ResponseBody body = new ResponseBody(this, BUFFER_BYTES);
    private final List<Header> headers = new ArrayList<>();
    private int status = SC_OK;
    private boolean isCommitted;
    private boolean isFinished;
    private Charset charset;
    private Locale locale = Locale.ROOT;
    private PrintWriter writer;
    private boolean streamTaken;

    public FunctionResponse(Invocation invocation) {
        this.invocation = invocation;
    }

    /** Sends what is left, once; the handler has returned. */
    public void finish() throws IOException {
        body.startFinish();
        if (writer != null) writer.flush();
        if (!isFinished) body.leave(true);
    }

    void send(byte[] bytes, int offset, int length, boolean isLast) throws IOException {
        if (isFinished) return;
        isFinished = isLast;
        if (isCommitted) {
            invocation.write(bytes, offset, length, isLast);
            return;
        }
        ResponseHead head = new ResponseHead(status);
        for (Header header : headers) head.add(header.name, header.value);
        byte[] encoded = head.encode();
        isCommitted = true;
        byte[] first = bytes;
        if (offset > 0) {
            first = new byte[length];
            System.arraycopy(bytes, offset, first, 0, length);
        }
        invocation.startAnswer(encoded, first, length, isLast);
    }

    // Headers: changes after the head has left are ignored, as the servlet specification has it

    @Override
    public void setStatus(int code) {
        if (!ResponseHead.isStatus(code)) {
            throw new IllegalArgumentException(code + " is not a status code, accepted are 200 to 599");
        }
        if (!isCommitted) status = code;
    }

    @Override
    @Deprecated
    public void setStatus(int code, String message) {
        setStatus(code);
    }

    @Override
    public int getStatus() {
        return status;
    }

    @Override
    public void setHeader(String name, String value) {
        if (isCommitted) return;
        headers.removeIf((header) -> header.name.equalsIgnoreCase(name));
        if (value != null) addHeader(name, value);
    }

    @Override
    public void addHeader(String name, String value) {
        if (isCommitted || value == null) return;
        ResponseHead.check(name, value);
        headers.add(new Header(name, value));
    }

    @Override
    public void setIntHeader(String name, int value) {
        setHeader(name, String.valueOf(value));
    }

    @Override
    public void addIntHeader(String name, int value) {
        addHeader(name, String.valueOf(value));
    }

    @Override
    public void setDateHeader(String name, long epochMs) {
        setHeader(name, DATE.format(Instant.ofEpochMilli(epochMs)));
    }

    @Override
    public void addDateHeader(String name, long epochMs) {
        addHeader(name, DATE.format(Instant.ofEpochMilli(epochMs)));
    }

    @Override
    public boolean containsHeader(String name) {
        return getHeader(name) != null;
    }

    @Override
    public String getHeader(String name) {
        for (Header header : headers) if (header.name.equalsIgnoreCase(name)) return header.value;
        return null;
    }

    @Override
    public Collection<String> getHeaders(String name) {
        List<String> values = new ArrayList<>();
        for (Header header : headers) if (header.name.equalsIgnoreCase(name)) values.add(header.value);
        return values;
    }

    @Override
    public Collection<String> getHeaderNames() {
        Set<String> names = new LinkedHashSet<>();
        for (Header header : headers) names.add(header.name);
        return names;
    }

    @Override
    public void addCookie(Cookie cookie) {
        StringBuilder text = new StringBuilder(cookie.getName()).append('=').append(cookie.getValue());
        if (cookie.getPath() != null) text.append("; Path=").append(cookie.getPath());
        if (cookie.getDomain() != null) text.append("; Domain=").append(cookie.getDomain());
        if (cookie.getMaxAge() >= 0) text.append("; Max-Age=").append(cookie.getMaxAge());
        if (cookie.getSecure()) text.append("; Secure");
        if (cookie.isHttpOnly()) text.append("; HttpOnly");
        addHeader("Set-Cookie", text.toString());
    }

    @Override
    public void sendError(int code, String message) throws IOException {
        resetBuffer();
        setStatus(code);
        if (message != null) {
            setHeader(CONTENT_TYPE, "text/plain; charset=utf-8");
            body.write(message.getBytes(StandardCharsets.UTF_8));
        }
        body.leave(true);
    }

    @Override
    public void sendError(int code) throws IOException {
        sendError(code, null);
    }

    @Override
    public void sendRedirect(String location) throws IOException {
        resetBuffer();
        setStatus(SC_FOUND);
        setHeader("Location", location);
        body.leave(true);
    }

    @Override
    public String encodeURL(String url) {
        return url;
    }

    @Override
    public String encodeRedirectURL(String url) {
        return url;
    }

    @Override
    @Deprecated
    public String encodeUrl(String url) {
        return url;
    }

    @Override
    @Deprecated
    public String encodeRedirectUrl(String url) {
        return url;
    }

    // The body

    @Override
    public ServletOutputStream getOutputStream() {
        if (writer != null) throw new IllegalStateException("getWriter was called before");
        streamTaken = true;
        return body;
    }

    @Override
    public PrintWriter getWriter() {
        if (streamTaken) throw new IllegalStateException("getOutputStream was called before");
        if (writer == null) {
            if (charset == null && getContentType() != null) setCharacterEncoding(getCharacterEncoding());
            writer = new PrintWriter(new OutputStreamWriter(body, charsetOrDefault()));
        }
        return writer;
    }

    /** The specification's default. */
    private Charset charsetOrDefault() {
        return charset == null ? StandardCharsets.ISO_8859_1 : charset;
    }

    @Override
    public String getCharacterEncoding() {
        return charsetOrDefault().name();
    }

    @Override
    public void setCharacterEncoding(String name) {
        if (isCommitted || writer != null) return;
        charset = Charset.forName(name);
        String type = getContentType();
        if (type == null) return;
        setHeader(CONTENT_TYPE, type.replaceAll("(?i);\\s*charset=[^;]*", "") + ";charset=" + charset.name());
    }

    @Override
    public String getContentType() {
        return getHeader(CONTENT_TYPE);
    }

    @Override
    public void setContentType(String type) {
        setHeader(CONTENT_TYPE, type);
        if (writer != null) return;
        String named = MediaType.charsetOf(type);
        if (named != null) charset = Charset.forName(named);
        else if (charset != null && type != null) setCharacterEncoding(charset.name());
    }

    @Override
    public void setContentLength(int length) {
        setContentLengthLong(length);
    }

    @Override
    public void setContentLengthLong(long length) {
        setHeader("Content-Length", String.valueOf(length));
    }

    @Override
    public void setBufferSize(int sizeBytes) {
        if (isCommitted) throw new IllegalStateException("the head has left already");
        body.resize(sizeBytes);
    }

    @Override
    public int getBufferSize() {
        return body.bufferBytes();
    }

    @Override
    public void flushBuffer() throws IOException {
        if (writer != null) writer.flush();
        body.leave(false);
    }

    @Override
    public void resetBuffer() {
        if (isCommitted) throw new IllegalStateException("the head has left already");
        body.reset();
    }

    @Override
    public boolean isCommitted() {
        return isCommitted;
    }

    @Override
    public void reset() {
        resetBuffer();
        status = SC_OK;
        headers.clear();
    }

    @Override
    public void setLocale(Locale value) {
        if (isCommitted) return;
        locale = value;
        setHeader("Content-Language", value.toLanguageTag());
    }

    @Override
    public Locale getLocale() {
        return locale;
    }
}
