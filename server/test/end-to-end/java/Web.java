package example;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.StreamRequestHandler;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;

/** An HTTP request of a 3.0 function, read and answered with a library of the function's own. */
public class Web implements StreamRequestHandler {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public void handleRequest(InputStream event, OutputStream answer, Context context) throws IOException {
        JsonNode request = JSON.readTree(event);
        String method = request.path("requestContext").path("http").path("method").asText();
        String text = method + " " + request.path("rawPath").asText();
        JSON.writeValue(answer, Map.of("statusCode", 202, "headers", Map.of("X-By", "java"), "body", text));
    }
}
