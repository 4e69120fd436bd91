"""One stream of the channel while its invocation runs: takes the request body in, sends the one answer out."""
import threading

from .channel import (CREDIT, DATA, ERROR, FLAG_END, FRAME_PAYLOAD_BYTES_MAX, INITIAL_CREDIT_BYTES, RESPONSE, UINT32,
                      ChannelError)
from .errors import InvocationCancelled, RuntimeFailure, describe_error

# Below it a CREDIT frame costs more than it is worth.
GRANT_BYTES_MIN = 65536


class Invocation:
    """The reader thread calls receive, add_credit and cancel; one worker calls the rest."""

    def __init__(self, channel, stream, head, on_end):
        self.stream = stream
        self.head = head
        self.request_id = head['requestId']
        self.ended = False
        self.received_bytes = 0
        self._channel = channel
        self._on_end = on_end
        self._changed = threading.Condition(threading.Lock())
        self._credit_bytes = INITIAL_CREDIT_BYTES
        self._owned_credit_bytes = INITIAL_CREDIT_BYTES
        self._grantable_bytes = 0
        self._pieces = []
        self.body_ended = False
        self._cancel_reason = None

    # The request body

    def receive(self, piece, is_last):
        with self._changed:
            self._owned_credit_bytes -= len(piece)
            if self._owned_credit_bytes < 0:
                raise ChannelError('stream %d sent beyond its credit' % self.stream)
            self.received_bytes += len(piece)
            if piece:
                self._pieces.append(piece)
            self.body_ended = self.body_ended or is_last
            self._changed.notify_all()

    def grant(self, size_bytes):
        """Lets the node send `size_bytes` more of the request body."""
        self._grantable_bytes += size_bytes
        if self._grantable_bytes < GRANT_BYTES_MIN or self.ended:
            return
        granted_bytes, self._grantable_bytes = self._grantable_bytes, 0
        with self._changed:
            self._owned_credit_bytes += granted_bytes
        self._channel.send(CREDIT, self.stream, UINT32.pack(granted_bytes))

    def whole_body(self):
        return self._pieces[0] if len(self._pieces) == 1 else b''.join(self._pieces)

    def next_piece(self):
        """Waits for bytes of the body; b'' at its end."""
        with self._changed:
            while not self._pieces and not self.body_ended and self._cancel_reason is None:
                self._changed.wait()
            self.check_cancelled()
            return self._pieces.pop(0) if self._pieces else b''

    # The answer

    def start_answer(self, head, body=b'', is_last=False):
        """Sends the head and a first piece; what credit does not cover follows as it comes."""
        self.check_cancelled()
        prefix = UINT32.pack(len(head)) + head
        size_bytes = min(len(body), self._credit_bytes, FRAME_PAYLOAD_BYTES_MAX - len(prefix))
        with self._changed:
            self._credit_bytes -= size_bytes
        is_whole = size_bytes == len(body)
        flags = FLAG_END if is_last and is_whole else 0
        self._send(RESPONSE, prefix + (body if is_whole else body[:size_bytes]), flags)
        if not is_whole:
            self.write(memoryview(body)[size_bytes:], is_last)

    def write(self, body, is_last=False):
        """A piece of the body of a started answer; waits for credit."""
        offset = 0
        while offset < len(body) or is_last:
            size_bytes = self._take_credit(len(body) - offset)
            end = offset + size_bytes
            flags = FLAG_END if is_last and end == len(body) else 0
            self._send(DATA, bytes(body[offset:end]), flags)
            offset = end
            if flags:
                return

    def fail(self, error):
        """Ends the stream with an error, unless its answer has been sent whole."""
        if self.ended:
            return
        if isinstance(error, InvocationCancelled):
            error = RuntimeFailure('InvocationCancelled', str(error))
        import json

        self._end(lambda: self._channel.send(ERROR, self.stream, json.dumps(describe_error(error)).encode()))

    def _send(self, kind, payload, flags):
        if flags & FLAG_END:
            self._end(lambda: self._channel.send(kind, self.stream, payload, flags))
        else:
            self._channel.send(kind, self.stream, payload, flags)

    def _end(self, send_last):
        self._on_end(self)
        self.ended = True
        send_last()

    def _take_credit(self, wanted_bytes):
        with self._changed:
            while wanted_bytes > 0 and self._credit_bytes == 0 and self._cancel_reason is None:
                self._changed.wait()
            self.check_cancelled()
            taken_bytes = min(wanted_bytes, self._credit_bytes, FRAME_PAYLOAD_BYTES_MAX)
            self._credit_bytes -= taken_bytes
            return taken_bytes

    def check_cancelled(self):
        """Raises InvocationCancelled when the answer is no longer wanted."""
        if self._cancel_reason is not None:
            raise InvocationCancelled('the invocation was cancelled: ' + self._cancel_reason)

    def add_credit(self, size_bytes):
        with self._changed:
            self._credit_bytes += size_bytes
            self._changed.notify_all()

    def cancel(self, reason):
        with self._changed:
            self._cancel_reason = reason
            self._changed.notify_all()
