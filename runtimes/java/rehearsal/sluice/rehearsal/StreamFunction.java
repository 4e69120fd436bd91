package sluice.rehearsal;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.StreamRequestHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** Does what functions often do, in ways that Java prepares at their first use: text put together, lambdas, streams. */
public class StreamFunction implements StreamRequestHandler, FunctionInitializer {
    private long calls;

    @Override
    public void initialize(Context context) {
        calls = 0;
    }

    @Override
    public void handleRequest(InputStream event, OutputStream answer, Context context) throws IOException {
        calls++;
        int size = event.readAllBytes().length;
        String id = context.getRequestId();
        String text = id + size + " " + calls + ' ' + (size > 0) + ", " + 0.5;
        text += "call " + calls + " of " + context.getFunctionParam().getFunctionName();
        text += List.of("a", "b").stream().map((name) -> name + id).filter(String::isEmpty).collect(Collectors.joining(","));
        answer.write(("{\"statusCode\": 200, \"body\": \"" + text + "\"}").getBytes(StandardCharsets.UTF_8));
    }
}
