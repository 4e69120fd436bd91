"""What the function prints, sent as LOG of the invocation that printed it."""
import importlib.machinery
import io
import os
import sys
import threading

PARTIAL_LENGTH_MAX = 32768


class LogStream(io.TextIOBase):
    """Stands for sys.stdout or sys.stderr. A line leaves when it is whole, at flush, and when its invocation ends."""

    encoding = 'utf-8'
    errors = 'backslashreplace'
    newlines = None
    line_buffering = True

    def __init__(self, descriptor, channel, current_stream):
        super().__init__()
        self._descriptor = descriptor
        self._channel = channel
        self._current_stream = current_stream
        self._partial = {}
        self._writing = threading.Lock()
        self.mode = 'w'
        self.name = '<stdout>' if descriptor == 1 else '<stderr>'
        self.buffer = LogBytes(self)

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError('write() argument must be str, not %s' % type(text).__name__)
        stream = self._current_stream()
        with self._writing:
            whole = self._partial.pop(stream, '') + text
            if '\n' not in text and len(whole) < PARTIAL_LENGTH_MAX:
                self._partial[stream] = whole
                return len(text)
        self._channel.send_log(stream, self._descriptor, whole.encode('utf-8', self.errors))
        return len(text)

    def write_bytes(self, data):
        stream = self._current_stream()
        self.finish(stream)
        self._channel.send_log(stream, self._descriptor, data)

    def finish(self, stream):
        """Sends what `stream` has printed without a line end."""
        if stream not in self._partial:
            return
        with self._writing:
            partial = self._partial.pop(stream, '')
        self._channel.send_log(stream, self._descriptor, partial.encode('utf-8', self.errors))

    def flush(self):
        self.finish(self._current_stream())

    def finish_all(self):
        for stream in list(self._partial):
            self.finish(stream)

    def writable(self):
        return True

    def fileno(self):
        return self._descriptor

    def reconfigure(self, **_options):
        """Accepted and ignored: encoding and line ends of logs are fixed."""

    def close(self):
        self.flush()


class LogBytes(io.RawIOBase):
    """`sys.stdout.buffer`: bytes leave as they are written."""

    def __init__(self, text_stream):
        super().__init__()
        self._text_stream = text_stream

    def write(self, data):
        data = bytes(data)
        self._text_stream.write_bytes(data)
        return len(data)

    def writable(self):
        return True

    def fileno(self):
        return self._text_stream.fileno()

    def close(self):
        """Stays open as long as the process."""


def capture_output(channel, current, current_stream):
    """Replaces sys.stdout and sys.stderr. `current`: context variable with the invocation in whose course code runs."""
    sys.stdout = LogStream(1, channel, current_stream)
    sys.stderr = LogStream(2, channel, current_stream)
    _inherit_in_threads(current)
    # A forked child shares the connection with its parent: it prints to the real pipes and leaves the channel alone.
    os.register_at_fork(after_in_child=lambda: _leave_channel(channel))


def _leave_channel(channel):
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    channel.close()


def _inherit_in_threads(current):
    """A thread belongs to the invocation that starts it, for which Python before 3.14 has no setting."""
    start = threading.Thread.start

    def start_in_invocation(thread):
        invocation = current.get()
        if invocation is not None:
            run = thread.run

            def run_in_invocation():
                del thread.run
                current.set(invocation)
                run()

            thread.run = run_in_invocation
        start(thread)

    threading.Thread.start = start_in_invocation


class LoggingFinder:
    """Sets up `logging` when the function imports it: importing it for all would cost a cold start milliseconds."""

    def __init__(self, current):
        self._current = current

    def find_spec(self, name, path=None, target=None):
        if name != 'logging':
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        execute = spec.loader.exec_module

        def execute_and_set_up(module):
            execute(module)
            _set_up_logging(module, self._current)

        spec.loader.exec_module = execute_and_set_up
        return spec


def _set_up_logging(logging, current):
    """Root handler: time, request id, level, text. Warnings and errors go to stderr."""
    import time

    class RequestHandler(logging.Handler):
        def emit(self, record):
            try:
                invocation = current.get()
                stamp = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))
                request_id = '' if invocation is None else invocation.request_id
                text = self.format(record)
                line = '%s.%03dZ %s [%s] %s\n' % (stamp, record.msecs, request_id, record.levelname, text)
                (sys.stderr if record.levelno >= logging.WARNING else sys.stdout).write(line)
            except Exception:
                self.handleError(record)

    root = logging.getLogger()
    root.addHandler(RequestHandler())
    root.setLevel(logging.INFO)
