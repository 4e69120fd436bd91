package sluice.runtime;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * One stream of the channel while its invocation runs: takes the request body in, sends the one answer out. The reader
 * thread calls receive, addCredit and cancel; one worker calls the rest.
 */
public final class Invocation {
    /** Below it a CREDIT frame costs more than it is worth. */
    private static final int GRANT_BYTES_MIN = 65_536;
    private static final byte[] NOTHING = {};

    final long stream;
    public final JsonNode head;
    private final Channel channel;
    private final Consumer<Invocation> onEnd;
    private final ArrayDeque<byte[]> pieces = new ArrayDeque<>();
    private long creditBytes = Frame.INITIAL_CREDIT_BYTES;
    private long ownedCreditBytes = Frame.INITIAL_CREDIT_BYTES;
    private long grantableBytes;
    private long receivedBytes;
    private boolean bodyEnded;
    private String cancelReason;
    private volatile boolean ended;

    /** `onEnd` is called before the last frame leaves. */
    Invocation(Channel channel, long stream, JsonNode head, Consumer<Invocation> onEnd) {
        this.channel = channel;
        this.stream = stream;
        this.head = head;
        this.onEnd = onEnd;
    }

    boolean isHttp() {
        return head.path("kind").asText().equals("http");
    }

    boolean hasEnded() {
        return ended;
    }

    // The request body

    synchronized void receive(byte[] piece, boolean isLast) {
        if (bodyEnded) throw new ChannelException("stream " + stream + " sent beyond the end of its body");
        ownedCreditBytes -= piece.length;
        if (ownedCreditBytes < 0) throw new ChannelException("stream " + stream + " sent beyond its credit");
        receivedBytes += piece.length;
        if (piece.length > 0) pieces.add(piece);
        bodyEnded |= isLast;
        notifyAll();
    }

    synchronized long receivedBytes() {
        return receivedBytes;
    }

    synchronized boolean hasWholeBody() {
        return bodyEnded;
    }

    /** Lets the node send `sizeBytes` more of the request body. */
    void grant(int sizeBytes) {
        byte[] payload = new byte[4];
        synchronized (this) {
            grantableBytes += sizeBytes;
            if (grantableBytes < GRANT_BYTES_MIN || ended) return;
            ownedCreditBytes += grantableBytes;
            Frame.putUint32(payload, 0, grantableBytes);
            grantableBytes = 0;
        }
        channel.send(Frame.CREDIT, stream, payload);
    }

    synchronized byte[] wholeBody() {
        if (pieces.size() == 1) return pieces.poll();
        ByteArrayOutputStream whole = new ByteArrayOutputStream((int) receivedBytes);
        for (byte[] piece : pieces) whole.writeBytes(piece);
        pieces.clear();
        return whole.toByteArray();
    }

    /** Waits for bytes of the body and lets the node send as many more; null at its end. */
    public byte[] nextPiece() throws IOException {
        byte[] piece;
        synchronized (this) {
            while (pieces.isEmpty() && !bodyEnded && cancelReason == null) await();
            checkCancelled();
            piece = pieces.poll();
        }
        if (piece != null) grant(piece.length);
        return piece;
    }

    // The answer

    /** Sends the head and a first piece of the body; what credit does not cover follows as it comes. */
    public void startAnswer(byte[] answerHead, byte[] body, int length, boolean isLast) throws IOException {
        byte[] prefix = new byte[4 + answerHead.length];
        Frame.putUint32(prefix, 0, answerHead.length);
        System.arraycopy(answerHead, 0, prefix, 4, answerHead.length);
        int first;
        synchronized (this) {
            checkCancelled();
            first = (int) Math.min(Math.min(length, creditBytes), Frame.PAYLOAD_BYTES_MAX - prefix.length);
            creditBytes -= first;
        }
        boolean isWhole = first == length;
        send(Frame.RESPONSE, prefix, body, 0, first, isLast && isWhole);
        if (!isWhole) write(body, first, length - first, isLast);
    }

    /** A piece of the body of a started answer; waits for credit. */
    public void write(byte[] body, int offset, int length, boolean isLast) throws IOException {
        int end = offset + length;
        int start = offset;
        while (start < end) {
            int size = takeCredit(end - start);
            send(Frame.DATA, NOTHING, body, start, size, isLast && start + size == end);
            start += size;
        }
        if (length == 0 && isLast) {
            synchronized (this) {
                checkCancelled();
            }
            send(Frame.DATA, NOTHING, NOTHING, 0, 0, true);
        }
    }

    /** Ends the stream with an error, unless its answer has been sent whole. */
    void fail(Throwable thrown) {
        if (ended) return;
        byte[] failure = Json.write(Failures.describe(thrown));
        end();
        channel.send(Frame.ERROR, stream, failure);
    }

    synchronized void addCredit(long sizeBytes) {
        creditBytes += sizeBytes;
        notifyAll();
    }

    synchronized void cancel(String reason) {
        cancelReason = reason;
        notifyAll();
    }

    synchronized void checkCancelled() throws CancelledException {
        if (cancelReason != null) throw new CancelledException(cancelReason);
    }

    private synchronized int takeCredit(int wantedBytes) throws IOException {
        while (creditBytes == 0 && cancelReason == null) await();
        checkCancelled();
        int taken = (int) Math.min(Math.min(wantedBytes, creditBytes), Frame.PAYLOAD_BYTES_MAX);
        creditBytes -= taken;
        return taken;
    }

    private void await() throws InterruptedIOException {
        try {
            wait();
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while it waited for the other end");
        }
    }

    private void send(int type, byte[] prefix, byte[] body, int offset, int length, boolean isLast) {
        if (isLast) end();
        channel.send(type, stream, isLast ? Frame.FLAG_END : 0, prefix, body, offset, length);
    }

    private void end() {
        onEnd.accept(this);
        ended = true;
    }
}
