package sluice.runtime;

import com.aliyun.fc.runtime.FunctionComputeLogger;
import java.io.PrintStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Lines as Function Compute writes them: time, request id, level, text. Warnings and errors go to stderr. */
final class RequestLogger implements FunctionComputeLogger {
    private final String requestId;
    private volatile Level level = Level.TRACE;

    RequestLogger(String requestId) {
        this.requestId = requestId;
    }

    private void write(Level of, PrintStream to, String text) {
        if (of.compareTo(level) >= 0) write(to, of.name(), text);
    }

    void write(PrintStream to, String name, String text) {
        // Instant leaves out a fraction that is 0.
        String time = Instant.now().truncatedTo(ChronoUnit.MILLIS).plusNanos(1).toString().substring(0, 23);
        to.print(time + "Z " + requestId + " [" + name + "] " + text + "\n");
    }

    @Override
    public void trace(String text) {
        write(Level.TRACE, System.out, text);
    }

    @Override
    public void debug(String text) {
        write(Level.DEBUG, System.out, text);
    }

    @Override
    public void info(String text) {
        write(Level.INFO, System.out, text);
    }

    @Override
    public void warn(String text) {
        write(Level.WARN, System.err, text);
    }

    @Override
    public void error(String text) {
        write(Level.ERROR, System.err, text);
    }

    @Override
    public void fatal(String text) {
        write(Level.FATAL, System.err, text);
    }

    @Override
    public void setLogLevel(Level lowest) {
        level = lowest;
    }
}
