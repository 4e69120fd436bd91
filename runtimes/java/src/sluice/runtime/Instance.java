package sluice.runtime;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.HttpRequestHandler;
import com.aliyun.fc.runtime.PojoRequestHandler;
import com.aliyun.fc.runtime.PreFreezeHandler;
import com.aliyun.fc.runtime.PreStopHandler;
import com.aliyun.fc.runtime.StreamRequestHandler;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import sluice.runtime.http.FunctionRequest;
import sluice.runtime.http.FunctionResponse;

/**
 * One instance: INIT, then invocations and hooks, as the frames of the node ask for them. A reader thread takes the frames;
 * the main thread is the first worker, more start when they are needed, at most `concurrency`.
 */
final class Instance {
    /** A request body that a handler gets whole (Function Compute: 32 MB). */
    private static final int EVENT_BYTES_MAX = 32 * 1024 * 1024;
    private static final int EXIT_CHANNEL_BROKEN = 70;
    private static final byte[] EVENT_HEAD = {'{', '}'};

    private final Channel channel;
    private final Output stdout;
    private final Output stderr;
    /** The invocation in whose course a thread runs; a new thread has that of the one that starts it. */
    private final InheritableThreadLocal<Invocation> current = new InheritableThreadLocal<>();
    private final Map<Long, Invocation> running = new ConcurrentHashMap<>();
    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private JsonNode init;
    private int workers = 1;
    private long lastStream;
    private volatile Contexts contexts;
    private volatile Handlers handlers;
    private volatile Handlers.EventHandler eventHandler;
    private volatile HttpRequestHandler httpHandler;
    private volatile boolean isReady;

    Instance(Channel channel) {
        this.channel = channel;
        stdout = new Output(1, channel, this::currentStream);
        stderr = new Output(2, channel, this::currentStream);
    }

    /** Takes frames from here on; tasks wait for `work`. */
    void listen() {
        System.setOut(stdout.asPrintStream());
        System.setErr(stderr.asPrintStream());
        Runtime.getRuntime().addShutdownHook(new Thread(this::finishOutput));
        Thread reader = new Thread(null, this::readFrames, "channel");
        reader.setDaemon(true);
        reader.start();
    }

    boolean isIdle() {
        return tasks.isEmpty();
    }

    /**
     * The stream that output belongs to: of the invocation that prints, or of the only one there is, since thread pools
     * outlive the invocation that made them; else 0.
     */
    private long currentStream() {
        Invocation invocation = current.get();
        if (invocation != null && !invocation.hasEnded()) return invocation.stream;
        if (running.size() != 1) return 0;
        for (long stream : running.keySet()) return stream;
        return 0;
    }

    private void finishOutput() {
        stdout.finishAll();
        stderr.finishAll();
    }

    // The reader thread

    private void readFrames() {
        try {
            while (true) {
                Frame frame = channel.read();
                // Shutdown hooks of the function are for an end that it, or the sandbox, asked for.
                if (frame == null) Runtime.getRuntime().halt(0);
                onFrame(frame);
            }
        } catch (Throwable error) {
            // The channel is gone or not to be trusted, so this goes to the real stderr.
            Bootstrap.STDERR.println("sluice: the channel broke: " + error.getMessage());
            Runtime.getRuntime().halt(EXIT_CHANNEL_BROKEN);
        }
    }

    private void onFrame(Frame frame) throws IOException, ReflectiveOperationException {
        byte[] payload = frame.payload();
        switch (frame.type()) {
            case Frame.INVOKE -> invoke(frame);
            case Frame.DATA -> receive(find(frame.stream()), payload, frame.isLast());
            case Frame.CREDIT -> {
                Invocation invocation = find(frame.stream());
                if (payload.length != 4) throw new ChannelException("CREDIT needs 4 bytes");
                if (invocation != null) invocation.addCredit(Frame.uint32(payload, 0));
            }
            case Frame.CANCEL -> cancel(find(frame.stream()), new String(payload, StandardCharsets.ISO_8859_1));
            case Frame.PING -> channel.send(Frame.PONG, 0, payload);
            case Frame.HOOK -> {
                open(frame.stream());
                JsonNode call = Json.parse(payload);
                tasks.add(() -> hook(frame.stream(), call.path("name").asText(), call.path("requestId").asText()));
            }
            case Frame.CREDENTIALS -> refreshCredentials(Json.parse(payload));
            case Frame.INIT -> {
                if (init != null) throw new ChannelException("INIT came twice");
                init = Json.parse(payload);
                tasks.add(this::start);
            }
            default -> throw new ChannelException("frame type " + frame.type() + " is none that the node sends");
        }
    }

    private void open(long stream) {
        if (!isReady) throw new ChannelException("stream " + stream + " was opened before READY");
        if (stream <= lastStream) throw new ChannelException("stream " + stream + " was used before");
        lastStream = stream;
    }

    /** The invocation of a stream; null when it has ended, and its last frames crossed ours. */
    private Invocation find(long stream) {
        if (stream == 0 || stream > lastStream) throw new ChannelException("stream " + stream + " was never opened");
        return running.get(stream);
    }

    private void invoke(Frame frame) throws IOException {
        open(frame.stream());
        byte[] payload = frame.payload();
        if (payload.length < 4) throw new ChannelException("INVOKE has no head");
        long headEnd = 4 + Frame.uint32(payload, 0);
        if (headEnd > payload.length) throw new ChannelException("INVOKE has less than its head claims");
        JsonNode head = Json.parse(payload, 4, (int) headEnd - 4);
        Invocation invocation = new Invocation(channel, frame.stream(), head, this::onEnd);
        running.put(frame.stream(), invocation);
        if (isStreamed(invocation)) dispatch(invocation);
        byte[] piece = new byte[payload.length - (int) headEnd];
        System.arraycopy(payload, (int) headEnd, piece, 0, piece.length);
        receive(invocation, piece, frame.isLast());
    }

    private boolean isStreamed(Invocation invocation) {
        return invocation.isHttp() && init.path("generation").asInt() == 2;
    }

    private void receive(Invocation invocation, byte[] piece, boolean isLast) {
        if (invocation == null) return;
        invocation.receive(piece, isLast);
        if (isStreamed(invocation)) return;
        if (isLast) dispatch(invocation);
        else if (invocation.receivedBytes() < EVENT_BYTES_MAX) invocation.grant(piece.length);
    }

    private void cancel(Invocation invocation, String reason) {
        if (invocation == null) return;
        invocation.cancel(reason);
        // No worker has it yet, and without its body none ever will.
        if (!invocation.hasWholeBody() && !isStreamed(invocation)) invocation.fail(new CancelledException(reason));
    }

    private void dispatch(Invocation invocation) {
        if (workers < Math.min(running.size(), init.path("concurrency").asInt())) {
            workers++;
            Thread worker = new Thread(this::work, "worker-" + workers);
            worker.setContextClassLoader(handlers.loader);
            worker.start();
        }
        tasks.add(() -> serve(invocation));
    }

    private void refreshCredentials(JsonNode credentials) throws ReflectiveOperationException {
        if (contexts == null) {
            if (init instanceof ObjectNode values) values.set("credentials", credentials);
            return;
        }
        ProcessState.replaceVariables(variablesOf(credentials));
        contexts.refreshCredentials(credentials);
    }

    // The workers

    /** Serves until the node closes the connection; the process ends with it. */
    void work() {
        while (true) {
            try {
                Runnable task = tasks.take();
                forgetInterruption();
                task.run();
            } catch (InterruptedException interruption) {
                // By a thread of the function that knows this one; there is nothing to stop.
            }
            current.remove();
        }
    }

    /** What user code left behind must reach neither its answer nor the next request. */
    private static void forgetInterruption() {
        Thread.interrupted();
    }

    private void start() {
        long startedNs = System.nanoTime();
        ObjectNode outcome = Json.object();
        try {
            JsonNode function = init.path("function");
            String codePath = init.path("codePath").asText();
            Map<String, String> variables = new HashMap<>();
            for (Map.Entry<String, JsonNode> entry : init.path("environment").properties()) {
                variables.put(entry.getKey(), entry.getValue().asText());
            }
            variables.putAll(variablesOf(init.path("credentials")));
            ProcessState.setVariables(variables);
            ProcessState.enter(codePath);
            contexts = new Contexts(init);
            CodeLoader loader = CodeLoader.open(codePath, init.path("layersPath").asText("/opt"));
            Thread.currentThread().setContextClassLoader(loader);
            handlers = new Handlers(loader);
            String handler = function.path("handler").asText();
            Object object = handlers.load(handler, "handleRequest", StreamRequestHandler.class, PojoRequestHandler.class,
                HttpRequestHandler.class);
            eventHandler = handlers.eventHandler(object);
            httpHandler = object instanceof HttpRequestHandler http ? http : null;
            String initializer = function.path("initializer").asText();
            if (!initializer.isEmpty()) {
                outcome.put("loadMs", (System.nanoTime() - startedNs) / 1e6);
                Object initializing = handlers.load(initializer, "initialize", FunctionInitializer.class);
                ((FunctionInitializer) initializing).initialize(lifecycleContext(init.path("requestId").asText()));
            }
            isReady = true;
        } catch (Throwable thrown) {
            outcome.set("error", Failures.describe(thrown));
        }
        finishOutput();
        channel.send(Frame.READY, 0, Json.write(outcome));
    }

    private Context lifecycleContext(String requestId) {
        return contexts.create(Json.object().put("requestId", requestId));
    }

    private void hook(long stream, String name, String requestId) {
        ObjectNode outcome = Json.object();
        try {
            String handler = init.path("function").path(name).asText();
            if (name.equals("preFreeze") && !handler.isEmpty()) {
                ((PreFreezeHandler) handlers.load(handler, name, PreFreezeHandler.class)).preFreeze(lifecycleContext(requestId));
            }
            if (name.equals("preStop") && !handler.isEmpty()) {
                ((PreStopHandler) handlers.load(handler, name, PreStopHandler.class)).preStop(lifecycleContext(requestId));
            }
        } catch (Throwable thrown) {
            outcome.set("error", Failures.describe(thrown));
        }
        finishOutput();
        channel.send(Frame.HOOK_DONE, stream, Json.write(outcome));
    }

    private void serve(Invocation invocation) {
        current.set(invocation);
        try {
            invocation.checkCancelled();
            Context context = contexts.create(invocation.head);
            if (isStreamed(invocation)) answerStreaming(invocation, context);
            else answer(invocation, context);
        } catch (Throwable thrown) {
            invocation.fail(thrown);
        }
    }

    private void answerStreaming(Invocation invocation, Context context) throws Exception {
        if (httpHandler == null) throw unsuited("HTTP requests of a service's function", "HttpRequestHandler");
        FunctionResponse response = new FunctionResponse(invocation);
        httpHandler.handleRequest(new FunctionRequest(invocation), response, context);
        forgetInterruption();
        response.finish();
    }

    private void answer(Invocation invocation, Context context) throws Exception {
        if (eventHandler == null) throw unsuited("events", "StreamRequestHandler or PojoRequestHandler");
        byte[] event = invocation.wholeBody();
        if (invocation.isHttp()) event = HttpEvent.build(invocation.head, event, init.path("accountId").asText());
        byte[] body = eventHandler.handle(event, context);
        forgetInterruption();
        byte[] head = EVENT_HEAD;
        if (invocation.isHttp()) {
            HttpEvent.Answer answer = HttpEvent.translate(body);
            head = answer.head();
            body = answer.body();
        }
        long bytesMax = init.path("responseBytesMax").asLong();
        if (body.length > bytesMax) {
            throw new RuntimeFailure("ResponseTooLarge",
                "the response has " + body.length + " bytes, at most " + bytesMax + " are accepted");
        }
        invocation.startAnswer(head, body, body.length, true);
    }

    private RuntimeFailure unsuited(String what, String interfaces) {
        String handler = init.path("function").path("handler").asText();
        return new RuntimeFailure("HandlerNotFound",
            "Handler '" + handler + "' takes no " + what + ": they need " + interfaces);
    }

    private void onEnd(Invocation invocation) {
        stdout.finish(invocation.stream);
        stderr.finish(invocation.stream);
        running.remove(invocation.stream);
    }

    private static Map<String, String> variablesOf(JsonNode credentials) {
        Map<String, String> variables = new HashMap<>();
        if (credentials.path("accessKeyId").asText().isEmpty()) return variables;
        for (String[] row : new String[][] {
            {"accessKeyId", "ALIBABA_CLOUD_ACCESS_KEY_ID", "accessKeyID"},
            {"accessKeySecret", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "accessKeySecret"},
            {"securityToken", "ALIBABA_CLOUD_SECURITY_TOKEN", "securityToken"},
        }) {
            String value = credentials.path(row[0]).asText();
            variables.put(row[1], value);
            variables.put(row[2], value);
        }
        return variables;
    }
}
