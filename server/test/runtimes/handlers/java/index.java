package index;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.PojoRequestHandler;
import com.aliyun.fc.runtime.PreFreezeHandler;
import com.aliyun.fc.runtime.PreStopHandler;
import com.aliyun.fc.runtime.StreamRequestHandler;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonValue;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** Text in, text out. */
abstract class TextHandler implements StreamRequestHandler {
    @Override
    public void handleRequest(InputStream event, OutputStream answer, Context context) throws IOException {
        String text = new String(event.readAllBytes(), StandardCharsets.UTF_8);
        String result = run(text, context);
        if (result != null) answer.write(result.getBytes(StandardCharsets.UTF_8));
    }

    abstract String run(String event, Context context) throws IOException;

    static void pause() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException interruption) {
            throw new IllegalStateException(interruption);
        }
    }
}

class OrderRefused extends RuntimeException {
    OrderRefused(String message) {
        super(message);
    }
}

class Echo implements StreamRequestHandler {
    @Override
    public void handleRequest(InputStream event, OutputStream answer, Context context) throws IOException {
        event.transferTo(answer);
    }
}

class Nothing implements PojoRequestHandler<Map<String, java.lang.Object>, java.lang.Object> {
    @Override
    public java.lang.Object handleRequest(Map<String, java.lang.Object> event, Context context) {
        return null;
    }
}

class Text extends TextHandler {
    @Override
    String run(String event, Context context) {
        return "héllo";
    }
}

class Number implements PojoRequestHandler<java.lang.Object, Integer> {
    @Override
    public Integer handleRequest(java.lang.Object event, Context context) {
        return 42;
    }
}

class Boolean implements PojoRequestHandler<java.lang.Object, java.lang.Boolean> {
    @Override
    public java.lang.Boolean handleRequest(java.lang.Object event, Context context) {
        return true;
    }
}

class Object implements PojoRequestHandler<java.lang.Object, Map<String, java.lang.Object>> {
    @Override
    public Map<String, java.lang.Object> handleRequest(java.lang.Object event, Context context) {
        return Map.of("a", Arrays.asList(1, "é"));
    }
}

class Unserialisable implements PojoRequestHandler<java.lang.Object, Map<String, java.lang.Object>> {
    @Override
    public Map<String, java.lang.Object> handleRequest(java.lang.Object event, Context context) {
        Map<String, java.lang.Object> loop = new HashMap<>();
        loop.put("self", loop);
        return loop;
    }
}

class Sized extends TextHandler {
    @Override
    String run(String event, Context context) {
        return "x".repeat(Integer.parseInt(event));
    }
}

class Asynchronous extends TextHandler {
    @Override
    String run(String event, Context context) {
        pause();
        return "async " + event;
    }
}

class Failing extends TextHandler {
    @Override
    String run(String event, Context context) {
        throw new OrderRefused("no such order");
    }
}

class AsyncFailing extends TextHandler {
    @Override
    String run(String event, Context context) {
        pause();
        throw new OrderRefused("no such order");
    }
}

class DescribeContext implements PojoRequestHandler<java.lang.Object, Map<String, java.lang.Object>> {
    @Override
    public Map<String, java.lang.Object> handleRequest(java.lang.Object event, Context context) {
        return Map.of(
            "requestId", context.getRequestId(),
            "credentials", Map.of(
                "accessKeyId", context.getExecutionCredentials().getAccessKeyId(),
                "accessKeySecret", context.getExecutionCredentials().getAccessKeySecret(),
                "securityToken", context.getExecutionCredentials().getSecurityToken()),
            "function", Map.of(
                "name", context.getFunctionParam().getFunctionName(),
                "handler", context.getFunctionParam().getFunctionHandler(),
                "memory", context.getFunctionParam().getMemoryLimitInMB(),
                "timeout", context.getFunctionParam().getExecTimeLimitInMillis() / 1000,
                "initializer", context.getFunctionParam().getFunctionInitializer()),
            "service", Map.of(
                "name", context.getService().getName(),
                "logProject", context.getService().getLogProject(),
                "logStore", context.getService().getLogStore(),
                "qualifier", context.getService().getQualifier(),
                "versionId", context.getService().getVersionId()),
            "retryCount", context.getRetryCount(),
            "tracing", Map.of(
                "openTracingSpanContext", context.getTracing().getSpanContext(),
                "openTracingSpanBaggages", context.getTracing().getSpanBaggages(),
                "jaegerEndpoint", context.getTracing().getJaegerEndpoint()));
    }
}

class Environment implements PojoRequestHandler<java.lang.Object, Map<String, java.lang.Object>> {
    @Override
    public Map<String, java.lang.Object> handleRequest(java.lang.Object event, Context context) {
        Map<String, java.lang.Object> seen = new LinkedHashMap<>();
        seen.put("code", System.getenv("FC_FUNC_CODE_PATH"));
        seen.put("own", System.getenv().get("OWN"));
        seen.put("channel", System.getenv("SLUICE_CHANNEL"));
        seen.put("key", System.getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"));
        seen.put("folder", Paths.get("").toAbsolutePath().toString());
        return seen;
    }
}

class Credentials implements PojoRequestHandler<java.lang.Object, Map<String, String>> {
    @Override
    public Map<String, String> handleRequest(java.lang.Object event, Context context) {
        return Map.of(
            "context", context.getExecutionCredentials().getAccessKeyId(),
            "variable", System.getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"));
    }
}

class Initialize implements FunctionInitializer {
    static int count;

    @Override
    public void initialize(Context context) {
        count++;
        System.out.println("initializing " + context.getRequestId());
    }
}

class FailInitialize implements FunctionInitializer {
    @Override
    public void initialize(Context context) {
        throw new OrderRefused("cannot connect");
    }
}

class InitializationCount extends TextHandler {
    @Override
    String run(String event, Context context) {
        return String.valueOf(Initialize.count);
    }
}

class BeforeFreeze implements PreFreezeHandler {
    @Override
    public void preFreeze(Context context) {
        System.out.println("freezing " + context.getRequestId());
    }
}

class FailBeforeStop implements PreStopHandler {
    @Override
    public void preStop(Context context) {
        throw new OrderRefused("cannot flush");
    }
}

class PrintAll extends TextHandler {
    @Override
    String run(String event, Context context) {
        System.out.println("out " + event);
        System.err.println("err " + event);
        System.out.print("no line end");
        return "printed";
    }
}

class Interleave extends TextHandler {
    @Override
    String run(String event, Context context) {
        for (int step = 0; step < 5; step++) {
            System.out.println(event + " " + step);
            pause();
        }
        return event;
    }
}

class PrintThenSpin extends TextHandler {
    static volatile boolean isOver;

    @Override
    String run(String event, Context context) {
        System.out.println("before the loop");
        while (!isOver) Thread.onSpinWait();
        return "never";
    }
}

class PrintToPipe extends TextHandler {
    @Override
    String run(String event, Context context) throws IOException {
        new FileOutputStream(FileDescriptor.out).write("straight to the pipe\n".getBytes(StandardCharsets.UTF_8));
        return "done";
    }
}

class PrintLarge extends TextHandler {
    @Override
    String run(String event, Context context) {
        System.out.print("y".repeat(3_000_000));
        return "done";
    }
}

class Exit extends TextHandler {
    @Override
    String run(String event, Context context) {
        System.out.println("leaving");
        System.exit(7);
        return "never";
    }
}

class Hold extends TextHandler {
    static final CountDownLatch HELD = new CountDownLatch(1);

    @Override
    String run(String event, Context context) {
        if (!event.equals("hold")) {
            HELD.countDown();
            return "released";
        }
        System.out.println("holding");
        try {
            HELD.await();
        } catch (InterruptedException interruption) {
            throw new IllegalStateException(interruption);
        }
        return "held";
    }
}

class Log extends TextHandler {
    @Override
    String run(String event, Context context) {
        context.getLogger().info("count 3");
        context.getLogger().error("broken");
        return "logged";
    }
}

class Answer implements PojoRequestHandler<Map<String, java.lang.Object>, Answer.Json> {
    /** Written as it is, by annotations that the runtime brings. */
    record Json(@JsonRawValue @JsonValue String text) {}

    @Override
    public Json handleRequest(Map<String, java.lang.Object> event, Context context) {
        return new Json((String) event.get("body"));
    }
}

class RawAnswer extends TextHandler {
    private static final String START = "\"body\":\"";

    @Override
    String run(String event, Context context) {
        int start = event.indexOf(START) + START.length();
        int end = event.indexOf("\",\"isBase64Encoded\"", start);
        return event.substring(start, end).replace("\\\"", "\"");
    }
}
