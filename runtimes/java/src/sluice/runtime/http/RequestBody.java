package sluice.runtime.http;

import java.io.IOException;
import javax.servlet.ReadListener;
import javax.servlet.ServletInputStream;
import sluice.runtime.Invocation;

/** The request body as it arrives. */
final class RequestBody extends ServletInputStream {
    private static final byte[] NOTHING = {};

    private final Invocation invocation;
    private byte[] piece = NOTHING;
    private int position;
    private boolean isFinished;

    RequestBody(Invocation invocation) {
        this.invocation = invocation;
    }

    /** Waits for bytes; false at the end. */
    private boolean fill() throws IOException {
        while (position == piece.length && !isFinished) {
            byte[] next = invocation.nextPiece();
            isFinished = next == null;
            piece = isFinished ? NOTHING : next;
            position = 0;
        }
        return !isFinished;
    }

    @Override
    public int read() throws IOException {
        return fill() ? piece[position++] & 0xFF : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) return 0;
        if (!fill()) return -1;
        int size = Math.min(length, piece.length - position);
        System.arraycopy(piece, position, target, offset, size);
        position += size;
        return size;
    }

    @Override
    public int available() {
        return piece.length - position;
    }

    @Override
    public boolean isFinished() {
        return isFinished;
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public void setReadListener(ReadListener listener) {
        throw new IllegalStateException("asynchronous reading is not supported");
    }
}
