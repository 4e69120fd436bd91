package sluice.runtime;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;

/** The runtime's end of the channel: whole frames in, whole frames out. Any thread may send; one thread reads. */
final class Channel {
    private static final int HEADER_BYTES = 10;
    private static final int LOG_TEXT_BYTES_MAX = 65_535;
    /** A frame up to this size is sent by one system call. */
    private static final int WHOLE_FRAME_BYTES_MAX = 65_536;
    private static final int READ_BUFFER_BYTES = 65_536;
    private static final byte[] NOTHING = {};

    /** Held so that it is not collected and closed. */
    private final SocketChannel socket;
    private final InputStream in;
    private final OutputStream out;
    private final byte[] header = new byte[HEADER_BYTES];

    Channel(String path) throws IOException, ReflectiveOperationException {
        socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
        // A thread that is interrupted while it uses a SocketChannel closes it, and with it the instance: a handler's
        // thread may print and be interrupted at any time, so bytes go by the descriptor.
        Field field = socket.getClass().getDeclaredField("fd");
        field.setAccessible(true);
        FileDescriptor descriptor = (FileDescriptor) field.get(socket);
        in = new BufferedInputStream(new FileInputStream(descriptor), READ_BUFFER_BYTES);
        out = new FileOutputStream(descriptor);
    }

    /** Leads nowhere. */
    Channel() {
        socket = null;
        in = InputStream.nullInputStream();
        out = OutputStream.nullOutputStream();
    }

    /** The next frame; null when the node has closed the connection. */
    Frame read() throws IOException {
        if (in.readNBytes(header, 0, HEADER_BYTES) < HEADER_BYTES) return null;
        long length = Frame.uint32(header, 0);
        if (length > Frame.PAYLOAD_BYTES_MAX) {
            throw new ChannelException(
                "a frame of " + length + " bytes, at most " + Frame.PAYLOAD_BYTES_MAX + " are accepted");
        }
        byte[] payload = length == 0 ? NOTHING : new byte[(int) length];
        if (in.readNBytes(payload, 0, payload.length) < length) return null;
        return new Frame(header[4] & 0xFF, header[5] & 0xFF, Frame.uint32(header, 6), payload);
    }

    void send(int type, long stream, byte[] payload) {
        send(type, stream, 0, NOTHING, payload, 0, payload.length);
    }

    /** Sends `prefix` and the bytes of `body` from `offset` as one frame. */
    void send(int type, long stream, int flags, byte[] prefix, byte[] body, int offset, int length) {
        int payloadBytes = prefix.length + length;
        boolean isWhole = payloadBytes <= WHOLE_FRAME_BYTES_MAX;
        byte[] start = new byte[HEADER_BYTES + prefix.length + (isWhole ? length : 0)];
        Frame.putUint32(start, 0, payloadBytes);
        start[4] = (byte) type;
        start[5] = (byte) flags;
        Frame.putUint32(start, 6, stream);
        System.arraycopy(prefix, 0, start, HEADER_BYTES, prefix.length);
        if (isWhole) System.arraycopy(body, offset, start, HEADER_BYTES + prefix.length, length);
        try {
            synchronized (out) {
                out.write(start);
                if (!isWhole) out.write(body, offset, length);
            }
        } catch (IOException error) {
            // The node has gone; the reader sees it too and ends the process.
        }
    }

    /** `descriptor`: 1 stdout, 2 stderr. */
    void sendLog(long stream, int descriptor, byte[] text, int offset, int length) {
        byte[] prefix = {(byte) descriptor};
        int end = offset + length;
        for (int start = offset; start < end; start += LOG_TEXT_BYTES_MAX) {
            send(Frame.LOG, stream, 0, prefix, text, start, Math.min(LOG_TEXT_BYTES_MAX, end - start));
        }
    }
}
