"""HTTP requests of generation 2: the handler is a WSGI application (PEP 3333); bodies stream both ways."""
import io
import json
import re
import sys

from .errors import RuntimeFailure

HEAD_LENGTH_MAX = 65536
INPUT_BUFFER_BYTES = 65536
HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
FORBIDDEN_IN_VALUE = re.compile('[\0\r\n]')


def run_application(application, invocation, context, is_multithread):
    """Calls the application and sends its answer; what it raises is the caller's to report."""
    responder = _Responder(invocation)
    chunks = application(make_environ(invocation, context, is_multithread), responder.start_response)
    try:
        # What is there already leaves in one frame; what is produced on the way leaves as it comes.
        if isinstance(chunks, (list, tuple)):
            responder.finish(b''.join(chunks))
        else:
            for chunk in chunks:
                responder.write(chunk)
            responder.finish(b'')
    finally:
        close = getattr(chunks, 'close', None)
        if close is not None:
            close()


def make_environ(invocation, context, is_multithread):
    head = invocation.head
    host, _, port = next((value for name, value in _pairs(head) if name.lower() == 'host'), '').partition(':')
    environ = {
        'REQUEST_METHOD': head['method'],
        'SCRIPT_NAME': '',
        'PATH_INFO': head['path'].encode('utf-8').decode('latin-1'),
        'QUERY_STRING': head['query'],
        'SERVER_NAME': host or head['domainName'] or 'localhost',
        'SERVER_PORT': port or '80',
        'SERVER_PROTOCOL': head['protocol'],
        'REMOTE_ADDR': head['clientIp'],
        'wsgi.version': (1, 0),
        'wsgi.url_scheme': 'http',
        'wsgi.input': io.BufferedReader(_BodyReader(invocation), INPUT_BUFFER_BYTES),
        # The stream ends where the body does, also when no length was announced.
        'wsgi.input_terminated': True,
        'wsgi.errors': sys.stderr,
        'wsgi.multithread': is_multithread,
        'wsgi.multiprocess': False,
        'wsgi.run_once': False,
        'fc.context': context,
        'fc.request_uri': head['url'],
    }
    for name, value in _pairs(head):
        key = name.upper().replace('-', '_')
        if key not in ('CONTENT_TYPE', 'CONTENT_LENGTH'):
            key = 'HTTP_' + key
        separator = '; ' if key == 'HTTP_COOKIE' else ','
        environ[key] = environ[key] + separator + value if key in environ else value
    return environ


def _pairs(head):
    flat = iter(head['headers'])
    return zip(flat, flat)


class _BodyReader(io.RawIOBase):
    """The request body; each read gives the node room for as much."""

    def __init__(self, invocation):
        super().__init__()
        self._invocation = invocation
        self._rest = memoryview(b'')

    def readable(self):
        return True

    def readinto(self, target):
        if not self._rest:
            piece = self._invocation.next_piece()
            if not piece:
                return 0
            self._rest = memoryview(piece)
            self._invocation.grant(len(piece))
        size_bytes = min(len(target), len(self._rest))
        target[:size_bytes] = self._rest[:size_bytes]
        self._rest = self._rest[size_bytes:]
        return size_bytes


class _Responder:
    def __init__(self, invocation):
        self._invocation = invocation
        self._head = None
        self._head_sent = False

    def start_response(self, status, headers, exc_info=None):
        if exc_info is not None:
            try:
                if self._head_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._head is not None:
            raise AssertionError('start_response was called twice without exc_info')
        self._head = encode_head(_status_code(status), headers)
        return self.write

    def write(self, chunk):
        if not chunk:
            return
        if self._head_sent:
            self._invocation.write(chunk)
        else:
            self._start(chunk, False)

    def finish(self, chunk):
        if self._head_sent:
            self._invocation.write(chunk, True)
        else:
            self._start(chunk, True)

    def _start(self, chunk, is_last):
        if self._head is None:
            raise AssertionError('the application did not call start_response')
        if not isinstance(chunk, (bytes, bytearray)):
            raise TypeError('a WSGI response is bytes, not %s' % type(chunk).__name__)
        self._head_sent = True
        self._invocation.start_answer(self._head, bytes(chunk), is_last)


def _status_code(status):
    code = status.split(' ', 1)[0]
    if not code.isdigit() or not 200 <= int(code) <= 599:
        raise ValueError('%r is not a status line, accepted are 200 to 599 and a reason' % status)
    return int(code)


def encode_head(status, headers):
    """The head of RESPONSE; `headers` are pairs. Raises ValueError for what would break the response apart."""
    flat = []
    for name, value in headers:
        if not HEADER_NAME.fullmatch(name):
            raise ValueError('header name %r is not a token' % name)
        if FORBIDDEN_IN_VALUE.search(value):
            raise ValueError('the value of header %s holds a line break or NUL' % name)
        flat += (name, value)
    head = json.dumps({'status': status, 'headers': flat})
    if len(head) > HEAD_LENGTH_MAX:
        raise RuntimeFailure(
            'BadResponse', 'the headers have %d characters, at most %d are accepted' % (len(head), HEAD_LENGTH_MAX))
    return head.encode()
