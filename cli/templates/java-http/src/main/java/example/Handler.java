package example;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.StreamRequestHandler;
import com.google.gson.Gson;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Called with the HTTP request as JSON; what it writes is the HTTP response. */
public class Handler implements StreamRequestHandler {
    private static final Gson GSON = new Gson();

    /** The fields of the request that are used here; there are more. */
    private static class Request {
        Map<String, String> queryParameters;
        RequestContext requestContext;
    }

    private static class RequestContext {
        Http http;
    }

    private static class Http {
        String method;
        String path;
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        Request request = GSON.fromJson(new InputStreamReader(input, StandardCharsets.UTF_8), Request.class);
        context.getLogger().info(request.requestContext.http.method + " " + request.requestContext.http.path);
        Map<String, String> query = request.queryParameters == null ? Map.of() : request.queryParameters;
        Map<String, Object> response = Map.of(
            "statusCode", 200,
            "headers", Map.of("Content-Type", "text/plain; charset=utf-8"),
            "body", "Hello, " + query.getOrDefault("name", "world") + "!\n");
        output.write(GSON.toJson(response).getBytes(StandardCharsets.UTF_8));
    }
}
