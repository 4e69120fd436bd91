package sluice.runtime;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.HttpRequestHandler;
import com.aliyun.fc.runtime.PojoRequestHandler;
import com.aliyun.fc.runtime.StreamRequestHandler;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import sluice.runtime.http.FunctionRequest;
import sluice.runtime.http.FunctionResponse;

/** Uses the wait for a function: goes every way of an invocation once with a rehearsal function, so that it is loaded. */
final class Preload {
    private static final String INVOKE_HEAD = """
        {"kind": "http", "requestId": "rehearsal", "deadlineMs": 0, "method": "POST", "path": "/", "rawPath": "/",
         "query": "a=1", "url": "/?a=1", "headers": ["Host", "localhost", "Content-Type", "application/json"],
         "clientIp": "127.0.0.1", "protocol": "HTTP/1.1", "domainName": "a.localhost", "triggerId": ""}""";
    private static final String INIT = """
        {"function": {"name": "rehearsal", "handler": "a::b"}, "service": {}, "credentials": {}, "accountId": ""}""";

    private interface Step {
        void run(Rehearsal rehearsal) throws Exception;
    }

    /** By what takes longest to load. */
    private static final List<Step> STEPS =
        List.of(Rehearsal::process, Rehearsal::load, Rehearsal::stream, Rehearsal::pojo, Rehearsal::http, Rehearsal::log);

    private Preload() {}

    /** Stops between two steps when there is something to do. */
    static void run(BooleanSupplier isIdle) throws Exception {
        try (Rehearsal rehearsal = new Rehearsal()) {
            for (Step step : STEPS) {
                if (!isIdle.getAsBoolean()) return;
                step.run(rehearsal);
            }
        }
        // What this left behind would else be the function's to collect.
        if (isIdle.getAsBoolean()) System.gc();
    }

    private static final class Rehearsal implements AutoCloseable {
        private final Channel channel = new Channel();
        private final CodeLoader loader;
        private final Handlers handlers;
        private final Contexts contexts = new Contexts(json(INIT));
        private final String own = new File(Bootstrap.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParent();

        Rehearsal() throws Exception {
            loader = CodeLoader.open(own);
            handlers = new Handlers(loader);
        }

        private static JsonNode json(String text) throws Exception {
            return Json.parse(text.getBytes(StandardCharsets.UTF_8));
        }

        private Invocation invocation() throws Exception {
            Invocation invocation = new Invocation(channel, 1, json(INVOKE_HEAD), (ended) -> {});
            invocation.receive("{\"name\": \"a\"}".getBytes(StandardCharsets.UTF_8), true);
            return invocation;
        }

        private Object object(Class<?> type) {
            return handlers.load(type.getName() + "::run", "run", type.getInterfaces());
        }

        private Context context(Invocation invocation) {
            return contexts.create(invocation.head);
        }

        void process() throws Exception {
            ProcessState.setVariables(Map.of());
            ProcessState.enter(System.getProperty("user.dir"));
        }

        void load() throws Exception {
            object(StreamFunction.class);
            Json.write(Failures.describe(Failures.ofLoading(new ClassNotFoundException("none"))));
        }

        void stream() throws Exception {
            answer(handlers.eventHandler(new StreamFunction()));
        }

        void pojo() throws Exception {
            answer(handlers.eventHandler(new PojoFunction()));
        }

        private void answer(Handlers.EventHandler handler) throws Exception {
            Invocation invocation = invocation();
            byte[] body = invocation.wholeBody();
            byte[] event = HttpEvent.build(invocation.head, body, "");
            HttpEvent.Answer answer = HttpEvent.translate(handler.handle(event, context(invocation)));
            invocation.startAnswer(answer.head(), answer.body(), answer.body().length, true);
        }

        void http() throws Exception {
            Invocation invocation = invocation();
            FunctionResponse response = new FunctionResponse(invocation);
            new HttpFunction().handleRequest(new FunctionRequest(invocation), response, context(invocation));
            response.finish();
        }

        void log() throws Exception {
            Output output = new Output(1, channel, () -> 1);
            output.asPrintStream().println(context(invocation()).getRequestId() + 1);
        }

        @Override
        public void close() throws Exception {
            loader.close();
        }
    }

    static final class StreamFunction implements StreamRequestHandler, FunctionInitializer {
        @Override
        public void handleRequest(InputStream event, OutputStream answer, Context context) throws java.io.IOException {
            event.transferTo(answer);
            answer.write("{\"statusCode\": 200}".getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void initialize(Context context) {}
    }

    static final class Pojo {
        private String name;

        public String getName() {
            return name;
        }

        public void setName(String name) {
            this.name = name;
        }
    }

    static final class PojoFunction implements PojoRequestHandler<Pojo, Pojo> {
        @Override
        public Pojo handleRequest(Pojo input, Context context) {
            return input;
        }
    }

    static final class HttpFunction implements HttpRequestHandler {
        @Override
        public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context)
            throws java.io.IOException {
            response.setHeader("X-Name", request.getParameter("a"));
            response.getWriter().print(request.getReader().readLine());
        }
    }
}
