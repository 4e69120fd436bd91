"""The runtime's end of the channel (docs/reference/channel.md): whole frames in, whole frames out."""
import _socket
import io
import struct
import threading

FRAME_PAYLOAD_BYTES_MAX = 1048576
LOG_PAYLOAD_BYTES_MAX = 65536
INITIAL_CREDIT_BYTES = 262144
FLAG_END = 1
READ_BUFFER_BYTES = 65536
HEADER = struct.Struct('>IBBI')
UINT32 = struct.Struct('>I')

INIT = 0x01
INVOKE = 0x02
DATA = 0x03
CREDIT = 0x04
CANCEL = 0x05
HOOK = 0x06
PING = 0x07
CREDENTIALS = 0x08
HELLO = 0x81
READY = 0x82
RESPONSE = 0x83
ERROR = 0x84
LOG = 0x85
HOOK_DONE = 0x86
PONG = 0x87


class ChannelError(Exception):
    """A peer that broke a rule of the channel."""


class Channel:
    """Frames may be sent from any thread; one thread reads."""

    def __init__(self, path):
        # The C module alone: importing `socket` would cost a cold start some milliseconds.
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self._socket.connect(path)
        self._reader = io.BufferedReader(io.FileIO(self._socket.fileno(), closefd=False), READ_BUFFER_BYTES)
        self._sending = threading.Lock()

    def read(self):
        """The next frame as (type, flags, stream, payload); None when the node closed the connection."""
        header = self._reader.read(HEADER.size)
        if len(header) < HEADER.size:
            return None
        length, kind, flags, stream = HEADER.unpack(header)
        if length > FRAME_PAYLOAD_BYTES_MAX:
            raise ChannelError('a frame of %d bytes, at most %d are accepted' % (length, FRAME_PAYLOAD_BYTES_MAX))
        payload = self._reader.read(length) if length else b''
        return None if len(payload) < length else (kind, flags, stream, payload)

    def send(self, kind, stream, payload=b'', flags=0):
        frame = HEADER.pack(len(payload), kind, flags, stream) + payload
        with self._sending:
            self._socket.sendall(frame)

    def send_log(self, stream, descriptor, data):
        """`descriptor`: 1 stdout, 2 stderr."""
        size_max = LOG_PAYLOAD_BYTES_MAX - 1
        for start in range(0, len(data), size_max):
            self.send(LOG, stream, bytes((descriptor,)) + data[start:start + size_max])

    def close(self):
        """For the child of a fork: the connection belongs to its parent."""
        self._sending = threading.Lock()
        self._socket.close()
