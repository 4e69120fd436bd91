package sluice.runtime;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Stands for System.out or System.err: what is written is sent as LOG of the invocation that writes. A line leaves when it
 * is whole, at flush, and when its invocation ends.
 */
final class Output extends OutputStream {
    private static final int PARTIAL_BYTES_MAX = 32_768;

    private final int descriptor;
    private final Channel channel;
    private final LongSupplier currentStream;
    private final Map<Long, ByteArrayOutputStream> partials = new HashMap<>();

    /** `descriptor`: 1 stdout, 2 stderr. */
    Output(int descriptor, Channel channel, LongSupplier currentStream) {
        this.descriptor = descriptor;
        this.channel = channel;
        this.currentStream = currentStream;
    }

    PrintStream asPrintStream() {
        return new PrintStream(this, false, StandardCharsets.UTF_8);
    }

    @Override
    public void write(int value) {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
        if (length == 0) return;
        long stream = currentStream.getAsLong();
        ByteArrayOutputStream partial = partials.computeIfAbsent(stream, (key) -> new ByteArrayOutputStream());
        partial.write(bytes, offset, length);
        if (partial.size() >= PARTIAL_BYTES_MAX || hasLineEnd(bytes, offset, length)) finish(stream);
    }

    @Override
    public synchronized void flush() {
        finish(currentStream.getAsLong());
    }

    /** Sends what was written for `stream` without a line end. */
    synchronized void finish(long stream) {
        ByteArrayOutputStream partial = partials.remove(stream);
        if (partial == null) return;
        byte[] text = partial.toByteArray();
        channel.sendLog(stream, descriptor, text, 0, text.length);
    }

    synchronized void finishAll() {
        for (long stream : partials.keySet().toArray(Long[]::new)) finish(stream);
    }

    private static boolean hasLineEnd(byte[] bytes, int offset, int length) {
        for (int i = offset; i < offset + length; i++) if (bytes[i] == '\n') return true;
        return false;
    }
}
