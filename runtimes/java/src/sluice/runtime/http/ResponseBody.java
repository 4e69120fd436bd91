package sluice.runtime.http;

import java.io.IOException;
import javax.servlet.ServletOutputStream;
import javax.servlet.WriteListener;

/** What a handler writes; leaves when the buffer is full, at flush, and at the end. */
final class ResponseBody extends ServletOutputStream {
    private final FunctionResponse response;
    private byte[] buffer;
    private int size;
    private boolean isFinishing;

    ResponseBody(FunctionResponse response, int bufferBytes) {
        this.response = response;
        buffer = new byte[bufferBytes];
    }

    int bufferBytes() {
        return buffer.length;
    }

    /** Only while nothing was written. */
    void resize(int bufferBytes) {
        if (size > 0) throw new IllegalStateException("the buffer holds data already");
        buffer = new byte[Math.max(1, bufferBytes)];
    }

    void reset() {
        size = 0;
    }

    @Override
    public void write(int value) throws IOException {
        if (size == buffer.length) leave(false);
        buffer[size++] = (byte) value;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        if (length > buffer.length - size) {
            if (size > 0) leave(false);
            if (length >= buffer.length) {
                response.send(bytes, offset, length, false);
                return;
            }
        }
        System.arraycopy(bytes, offset, buffer, size, length);
        size += length;
    }

    @Override
    public void flush() throws IOException {
        if (!isFinishing) leave(false);
    }

    /** From here on what is flushed waits for the end, so that a short answer is one frame. */
    void startFinish() {
        isFinishing = true;
    }

    void leave(boolean isLast) throws IOException {
        int length = size;
        size = 0;
        response.send(buffer, 0, length, isLast);
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public void setWriteListener(WriteListener listener) {
        throw new IllegalStateException("asynchronous writing is not supported");
    }
}
