package sluice.runtime;

/** A frame of the channel (docs/reference/channel.md); `stream` is an unsigned 32-bit number. */
record Frame(int type, int flags, long stream, byte[] payload) {
    static final int INIT = 0x01;
    static final int INVOKE = 0x02;
    static final int DATA = 0x03;
    static final int CREDIT = 0x04;
    static final int CANCEL = 0x05;
    static final int HOOK = 0x06;
    static final int PING = 0x07;
    static final int CREDENTIALS = 0x08;
    static final int HELLO = 0x81;
    static final int READY = 0x82;
    static final int RESPONSE = 0x83;
    static final int ERROR = 0x84;
    static final int LOG = 0x85;
    static final int HOOK_DONE = 0x86;
    static final int PONG = 0x87;

    static final int FLAG_END = 1;
    static final int PAYLOAD_BYTES_MAX = 1 << 20;
    static final int INITIAL_CREDIT_BYTES = 262_144;

    boolean isLast() {
        return (flags & FLAG_END) != 0;
    }

    /** The number that the first four bytes from `offset` hold. */
    static long uint32(byte[] bytes, int offset) {
        return (bytes[offset] & 0xFFL) << 24 | (bytes[offset + 1] & 0xFF) << 16 | (bytes[offset + 2] & 0xFF) << 8
            | bytes[offset + 3] & 0xFF;
    }

    static void putUint32(byte[] bytes, int offset, long value) {
        bytes[offset] = (byte) (value >>> 24);
        bytes[offset + 1] = (byte) (value >>> 16);
        bytes[offset + 2] = (byte) (value >>> 8);
        bytes[offset + 3] = (byte) value;
    }
}
