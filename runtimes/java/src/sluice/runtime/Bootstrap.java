package sluice.runtime;

import java.io.IOException;
import java.io.PrintStream;

/** What a sandbox of a Java function runs: connects to the node by SLUICE_CHANNEL and serves one instance. */
public final class Bootstrap {
    private static final int PROTOCOL = 1;
    private static final String CHANNEL_VARIABLE = "SLUICE_CHANNEL";
    /** The pipe, whatever the function makes of System.err. */
    static final PrintStream STDERR = System.err;

    private Bootstrap() {}

    /** `--preload`: loads what the wait for a function loads, and ends: for an archive of these classes. */
    public static void main(String[] args) throws Exception {
        if (args.length == 1 && args[0].equals("--preload")) {
            new Instance(new Channel());
            connectToNothing();
            Preload.run(() -> true);
            return;
        }
        Channel channel = new Channel(System.getenv(CHANNEL_VARIABLE));
        ProcessState.removeVariable(CHANNEL_VARIABLE);
        Runtime.Version version = Runtime.version();
        channel.send(Frame.HELLO, 0, Json.write(Json.object()
            .put("protocol", PROTOCOL)
            .put("runtime", "java")
            .put("version", version.feature() + "." + version.interim() + "." + version.update())
            .put("pid", ProcessHandle.current().pid())));
        Instance instance = new Instance(channel);
        instance.listen();
        Preload.run(instance::isIdle);
        instance.work();
    }

    private static void connectToNothing() throws ReflectiveOperationException {
        try {
            new Channel("/nonexistent/channel");
        } catch (IOException expected) {
            // What a connection needs was loaded all the same.
        }
    }
}
