package example;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.StreamRequestHandler;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Does what the event says; an HTTP request is answered with what it was. */
public class Orders implements StreamRequestHandler, FunctionInitializer {
    private static final ObjectMapper JSON = new ObjectMapper();
    private int initialized;

    @Override
    public void initialize(Context context) {
        initialized++;
        System.out.println("initializing");
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        output.write(answer(input.readAllBytes(), context));
    }

    private byte[] answer(byte[] event, Context context) throws IOException {
        String text = new String(event, StandardCharsets.UTF_8);
        if (text.startsWith("{")) return answerHttp(JSON.readTree(event));
        if (text.startsWith("echo:")) return bytes(text.substring("echo:".length()));
        switch (text) {
            case "context":
                return JSON.writeValueAsBytes(Map.of(
                    "requestId", context.getRequestId(),
                    "functionName", context.getFunctionParam().getFunctionName(),
                    "hasAccessKey", !context.getExecutionCredentials().getAccessKeyId().isEmpty()));
            case "env":
                return bytes(System.getenv("GREETING"));
            case "print":
                System.out.println("printed " + context.getRequestId());
                return bytes("ok");
            case "fail":
                throw new IllegalArgumentException("no such order");
            case "exit":
                System.exit(3);
            case "init":
                return bytes(String.valueOf(initialized));
            case "large":
                return bytes("x".repeat(30 << 20));
            default:
                return event;
        }
    }

    private static byte[] answerHttp(JsonNode request) throws IOException {
        String text = String.join(" ",
            request.at("/requestContext/http/method").asText(),
            request.path("rawPath").asText(),
            request.at("/queryParameters/q").asText(),
            request.path("body").asText());
        Map<String, String> headers = Map.of("x-answer", request.at("/headers/X-Question").asText());
        return JSON.writeValueAsBytes(Map.of("statusCode", 201, "headers", headers, "body", text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
