package sluice.runtime;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.HttpRequestHandler;
import com.aliyun.fc.runtime.PojoRequestHandler;
import com.aliyun.fc.runtime.StreamRequestHandler;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import sluice.runtime.http.FunctionRequest;
import sluice.runtime.http.FunctionResponse;

/** Uses the wait for a function: goes every way of an invocation once with functions of its own, so that it is loaded. */
final class Preload {
    private static final String FUNCTIONS = "rehearsal";
    private static final String INVOKE_HEAD = """
        {"kind": "http", "requestId": "rehearsal", "deadlineMs": 0, "method": "POST", "path": "/", "rawPath": "/",
         "query": "a=1", "url": "/?a=1", "headers": ["Host", "localhost", "Content-Type", "application/json"],
         "clientIp": "127.0.0.1", "protocol": "HTTP/1.1", "domainName": "a.localhost", "triggerId": ""}""";
    private static final String EVENT = """
        {"number": 1, "isPaid": true, "name": "a", "parts": [], "more": {"than": ["known"]}}""";
    private static final String INIT = """
        {"function": {"name": "rehearsal", "handler": "a::b"}, "service": {}, "credentials": {}, "accountId": ""}""";

    private interface Step {
        void run(Rehearsal rehearsal) throws Exception;
    }

    private static final List<Step> STEPS = List.of(Rehearsal::process, Rehearsal::stream, Rehearsal::pojo, Rehearsal::http,
        Rehearsal::failure, Rehearsal::print);

    private Preload() {}

    /** Stops between two steps when there is something to do. */
    static void run(BooleanSupplier isIdle) throws Exception {
        Rehearsal rehearsal = new Rehearsal();
        for (Step step : STEPS) {
            if (!isIdle.getAsBoolean()) return;
            step.run(rehearsal);
        }
        rehearsal.loader.close();
        // What this left behind would else be the function's to collect.
        if (isIdle.getAsBoolean()) System.gc();
    }

    private static final class Rehearsal {
        private final Channel channel = new Channel();
        private final Contexts contexts = new Contexts(json(INIT));
        private final CodeLoader loader;
        private final Handlers handlers;

        Rehearsal() throws Exception {
            File runtime = new File(Bootstrap.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            loader = CodeLoader.open(new File(runtime.getParentFile(), FUNCTIONS).getPath(), "/opt");
            handlers = new Handlers(loader);
        }

        private static JsonNode json(String text) throws Exception {
            return Json.parse(text.getBytes(StandardCharsets.UTF_8));
        }

        private Object function(String name, Class<?> type) {
            return handlers.load("sluice.rehearsal." + name + "::handleRequest", "handleRequest", type);
        }

        private Invocation invocation() throws Exception {
            Invocation invocation = new Invocation(channel, 1, json(INVOKE_HEAD), (ended) -> {});
            invocation.receive(EVENT.getBytes(StandardCharsets.UTF_8), true);
            return invocation;
        }

        private Context context(Invocation invocation) {
            return contexts.create(invocation.head);
        }

        void process() throws Exception {
            ProcessState.setVariables(Map.of());
            ProcessState.enter(System.getProperty("user.dir"));
        }

        void stream() throws Exception {
            Invocation invocation = invocation();
            Handlers.EventHandler handler = handlers.eventHandler(function("StreamFunction", StreamRequestHandler.class));
            byte[] event = HttpEvent.build(invocation.head, invocation.wholeBody(), "");
            HttpEvent.Answer answer = HttpEvent.translate(handler.handle(event, context(invocation)));
            invocation.startAnswer(answer.head(), answer.body(), answer.body().length, true);
        }

        void pojo() throws Exception {
            Invocation invocation = invocation();
            Handlers.EventHandler handler = handlers.eventHandler(function("PojoFunction", PojoRequestHandler.class));
            byte[] answer = handler.handle(invocation.wholeBody(), context(invocation));
            invocation.startAnswer(answer, answer, answer.length, true);
        }

        void http() throws Exception {
            Invocation invocation = invocation();
            FunctionResponse response = new FunctionResponse(invocation);
            HttpRequestHandler handler = (HttpRequestHandler) function("HttpFunction", HttpRequestHandler.class);
            handler.handleRequest(new FunctionRequest(invocation), response, context(invocation));
            response.finish();
        }

        void failure() throws Exception {
            invocation().fail(Failures.ofLoading(new ClassNotFoundException("rehearsal")));
        }

        void print() throws Exception {
            // Of the process itself, nothing is printed here.
            new RequestLogger("").write(new Output(1, channel, () -> 1).asPrintStream(), "INFO", "text");
        }
    }
}
