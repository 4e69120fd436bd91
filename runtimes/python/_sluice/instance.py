"""One instance: INIT, then invocations and hooks, as the frames of the node ask for them.

A reader thread takes the frames; the main thread is the first worker, so that a function without concurrency runs in
the main thread, as it would outside. More workers start when they are needed, at most `concurrency`.
"""
import _queue
import contextvars
import importlib
import os
import sys
import threading
import time

from . import channel as frames
from .channel import Channel, ChannelError
from .errors import InvocationCancelled, RuntimeFailure, describe_error
from .invocation import Invocation

PROTOCOL = 1
EXIT_CHANNEL_BROKEN = 70
# A request body that a handler gets whole (Function Compute: 32 MB).
EVENT_BYTES_MAX = 32 * 1024 * 1024
EVENT_HEAD = b'{}'
# Needed soon by nearly every function: imported while the instance waits for INIT.
PRELOADED = ('json', 'logging', '_sluice.loader', '_sluice.context', 'traceback', 'base64', 'urllib.parse',
             '_sluice.http_event', '_sluice.wsgi')


class _Lifecycle:
    """Stands for an invocation while initializer and hooks run: what they print is of stream 0."""

    stream = 0
    ended = False

    def __init__(self, request_id):
        self.request_id = request_id


class Instance:
    def __init__(self):
        self._channel = Channel(os.environ.pop('SLUICE_CHANNEL'))
        self._current = contextvars.ContextVar('invocation', default=None)
        self._tasks = _queue.SimpleQueue()
        self._init = None
        self._contexts = None
        self._handler = None
        self._workers = 1
        self._last_stream = 0
        self._running = {}
        self._hooks = set()

    def run(self):
        from .output import LoggingFinder, capture_output

        hello = '{"protocol":%d,"runtime":"python","version":"%d.%d.%d","pid":%d}'
        hello %= (PROTOCOL, *sys.version_info[:3], os.getpid())
        self._channel.send(frames.HELLO, 0, hello.encode())
        capture_output(self._channel, self._current, self._current_stream)
        sys.meta_path.insert(0, LoggingFinder(self._current))
        threading.Thread(target=self._read_frames, name='channel', daemon=True).start()
        for name in PRELOADED:
            if self._tasks.empty():
                importlib.import_module(name)
        self._work()

    def _current_stream(self):
        """The stream that output belongs to: of the invocation that prints, or of the only one there is; else 0."""
        invocation = self._current.get()
        if invocation is not None:
            return 0 if invocation.ended else invocation.stream
        running = list(self._running)
        return running[0] if len(running) == 1 else 0

    # The reader thread

    def _read_frames(self):
        try:
            while True:
                frame = self._channel.read()
                if frame is None:
                    os._exit(0)
                self._on_frame(*frame)
        except Exception as error:
            # The channel is gone or not to be trusted, so this goes to the real stderr.
            os.write(2, ('sluice: the channel broke: %s\n' % error).encode())
            os._exit(EXIT_CHANNEL_BROKEN)

    def _on_frame(self, kind, flags, stream, payload):
        if kind == frames.INVOKE:
            self._invoke(stream, flags, payload)
        elif kind == frames.DATA:
            self._receive(self._find(stream), payload, bool(flags & frames.FLAG_END))
        elif kind == frames.CREDIT:
            invocation = self._find(stream)
            if invocation is not None:
                invocation.add_credit(frames.UINT32.unpack(payload)[0])
        elif kind == frames.CANCEL:
            invocation = self._find(stream)
            if invocation is not None:
                self._cancel(invocation, payload.decode('latin-1'))
        elif kind == frames.PING:
            self._channel.send(frames.PONG, 0, payload)
        elif kind == frames.HOOK:
            self._open(stream)
            call = _parse_json(payload)
            self._hooks.add(stream)
            self._dispatch(lambda: self._hook(stream, call['name'], call['requestId']))
        elif kind == frames.CREDENTIALS:
            self._refresh_credentials(payload)
        elif kind == frames.INIT:
            if self._init is not None:
                raise ChannelError('INIT came twice')
            self._init = _parse_json(payload)
            self._tasks.put(self._start)
        else:
            raise ChannelError('frame type %d is none that the node sends' % kind)

    def _open(self, stream):
        if self._handler is None:
            raise ChannelError('stream %d was opened before READY' % stream)
        if stream <= self._last_stream:
            raise ChannelError('stream %d was used before' % stream)
        self._last_stream = stream

    def _find(self, stream):
        """The invocation of a stream; None when it has ended, and its last frames crossed ours."""
        if stream == 0 or stream > self._last_stream:
            raise ChannelError('stream %d was never opened' % stream)
        return self._running.get(stream)

    def _invoke(self, stream, flags, payload):
        self._open(stream)
        if len(payload) < 4:
            raise ChannelError('INVOKE has no head')
        head_end = 4 + frames.UINT32.unpack_from(payload)[0]
        if head_end > len(payload):
            raise ChannelError('INVOKE has less than its head claims')
        invocation = Invocation(self._channel, stream, _parse_json(payload[4:head_end]), self._on_end)
        self._running[stream] = invocation
        if self._is_streamed(invocation):
            self._dispatch(lambda: self._serve(invocation))
        self._receive(invocation, payload[head_end:], bool(flags & frames.FLAG_END))

    def _is_streamed(self, invocation):
        return self._init['generation'] == 2 and invocation.head['kind'] == 'http'

    def _receive(self, invocation, piece, is_last):
        if invocation is None:
            return
        invocation.receive(piece, is_last)
        if self._is_streamed(invocation):
            return
        if is_last:
            self._dispatch(lambda: self._serve(invocation))
        elif invocation.received_bytes < EVENT_BYTES_MAX:
            invocation.grant(len(piece))

    def _cancel(self, invocation, reason):
        invocation.cancel(reason)
        if not invocation.body_ended and not self._is_streamed(invocation):
            # No worker has it yet, and without its body none ever will.
            invocation.fail(InvocationCancelled('the invocation was cancelled: ' + reason))

    def _dispatch(self, task):
        # A hook that ran out of its time may keep its worker.
        if self._workers < min(len(self._running), self._init['concurrency']) + len(self._hooks):
            self._workers += 1
            threading.Thread(target=self._work, name='worker-%d' % self._workers, daemon=True).start()
        self._tasks.put(task)

    def _refresh_credentials(self, payload):
        credentials = _parse_json(payload)
        _set_credential_variables(credentials)
        if self._contexts is not None:
            self._contexts.credentials.refresh(credentials)
        elif self._init is not None:
            self._init['credentials'] = credentials

    # The workers

    def _work(self):
        while True:
            task = self._tasks.get()
            try:
                # Each task in a context of its own: context variables do not leak from one invocation to the next.
                contextvars.copy_context().run(task)
            except SystemExit as leaving:
                _leave(leaving.code)
            # An idle worker must not keep the last invocation alive.
            del task

    def _start(self):
        from .loader import load_handler

        started = time.monotonic()
        init = self._init
        outcome = {}
        self._current.set(_Lifecycle(init['requestId']))
        try:
            os.environ.update(init['environment'])
            _set_credential_variables(init['credentials'])
            _prepare_imports(init['codePath'])
            from .context import Contexts

            self._contexts = Contexts(init)
            if 'debug' in init:
                from .debugger import wait_for_debugger

                wait_for_debugger(init['debug']['port'], init['debug']['debugpyFolder'], init['codePath'])
            handler = load_handler(init['function']['handler'])
            if init['function'].get('initializer'):
                outcome['loadMs'] = (time.monotonic() - started) * 1000
                self._run_hook(init['function']['initializer'], init['requestId'])
            self._handler = handler
        except SystemExit:
            raise
        except BaseException as thrown:
            outcome['error'] = describe_error(thrown)
        self._channel.send(frames.READY, 0, _encode(outcome))

    def _hook(self, stream, name, request_id):
        outcome = {}
        self._current.set(_Lifecycle(request_id))
        try:
            handler = self._init['function'].get(name) if name in ('preFreeze', 'preStop') else None
            if handler:
                self._run_hook(handler, request_id)
        except SystemExit:
            raise
        except BaseException as thrown:
            outcome['error'] = describe_error(thrown)
        self._hooks.discard(stream)
        self._channel.send(frames.HOOK_DONE, stream, _encode(outcome))

    def _run_hook(self, handler, request_id):
        from .loader import load_handler

        _finish(load_handler(handler)(self._contexts.create({'requestId': request_id})))
        sys.stdout.finish_all()
        sys.stderr.finish_all()

    def _serve(self, invocation):
        self._current.set(invocation)
        try:
            invocation.check_cancelled()
            context = self._contexts.create(invocation.head)
            if self._is_streamed(invocation):
                from .wsgi import run_application

                run_application(self._handler, invocation, context, self._init['concurrency'] > 1)
            else:
                self._answer(invocation, context)
        except SystemExit:
            raise
        except BaseException as error:
            invocation.fail(error)

    def _answer(self, invocation, context):
        body = invocation.whole_body()
        if invocation.head['kind'] == 'http':
            from .http_event import build_event, translate_answer

            event = build_event(invocation.head, body, context.account_id)
            head, body = translate_answer(_finish(self._handler(event, context)), serialise)
        else:
            head, body = EVENT_HEAD, serialise(_finish(self._handler(body, context)))
        bytes_max = self._init['responseBytesMax']
        if len(body) > bytes_max:
            message = 'the response has %d bytes, at most %d are accepted' % (len(body), bytes_max)
            raise RuntimeFailure('ResponseTooLarge', message)
        invocation.start_answer(head, body, True)

    def _on_end(self, invocation):
        sys.stdout.finish(invocation.stream)
        sys.stderr.finish(invocation.stream)
        self._running.pop(invocation.stream, None)


def _finish(result):
    """The result of a handler, awaited when it is `async`."""
    if hasattr(result, '__await__'):
        from .event_loop import run

        return run(result)
    return result


def serialise(result):
    """What a handler returned, as bytes."""
    if isinstance(result, bytes):
        return result
    if result is None:
        return b''
    if isinstance(result, (bytearray, memoryview)):
        return bytes(result)
    try:
        if isinstance(result, str):
            return result.encode('utf-8')
        import json

        return json.dumps(result, ensure_ascii=False).encode('utf-8')
    except (TypeError, ValueError, RecursionError) as error:
        raise RuntimeFailure('UnserializableResponse', 'the result cannot be written as JSON: %s' % error) from None


def _parse_json(payload):
    import json

    return json.loads(payload)


def _encode(outcome):
    import json

    return json.dumps(outcome).encode() if outcome else b'{}'


def _prepare_imports(code_path):
    """Python reads PYTHONPATH only when it starts, which was before this function was known."""
    os.chdir(code_path)
    for path in reversed(os.environ.get('PYTHONPATH', '').split(os.pathsep)):
        if path:
            sys.path.insert(0, path)
    sys.path.insert(0, os.path.abspath(code_path))
    importlib.invalidate_caches()


def _set_credential_variables(credentials):
    if not credentials.get('accessKeyId'):
        return
    for names, key in (
        (('ALIBABA_CLOUD_ACCESS_KEY_ID', 'accessKeyID'), 'accessKeyId'),
        (('ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'accessKeySecret'), 'accessKeySecret'),
        (('ALIBABA_CLOUD_SECURITY_TOKEN', 'securityToken'), 'securityToken'),
    ):
        for name in names:
            os.environ[name] = credentials.get(key) or ''


def _leave(code):
    """sys.exit in a handler ends the process, whichever thread it was called in."""
    import atexit

    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.finish_all()
    sys.stderr.finish_all()
    os._exit((code or 0) & 0xFF)
