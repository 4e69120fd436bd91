import os
import sys
import threading
import time

closed = []


def writer(environ, start_response):
    write = start_response('200 OK', [])
    write(b'one ')
    write(b'two ')
    return [b'three']


def replaced(environ, start_response):
    start_response('200 OK', [])
    try:
        raise KeyError('late')
    except KeyError:
        start_response('503 Unavailable', [], sys.exc_info())
    return [b'sorry']


class Closing:
    def __iter__(self):
        return iter([b'a', b'b'])

    def close(self):
        print('closed')


def closing(environ, start_response):
    start_response('200 OK', [])
    return Closing()


def lines(environ, start_response):
    start_response('200 OK', [])
    return [b'|'.join(environ['wsgi.input'])]


def bytes_(event, context):
    return bytearray(b'\x01\x02')


def inThread(event, context):
    def work():
        time.sleep(0.002)
        print('thread of', event.decode())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return 'ok'


def forks(event, context):
    child = os.fork()
    if child == 0:
        print('child prints', flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    return 'parent'


def threads(event, context):
    return threading.current_thread() is threading.main_thread()


def workers(event, context):
    time.sleep(0.005)
    return threading.active_count()


def binaryOutput(event, context):
    sys.stdout.write('text ')
    sys.stdout.buffer.write(b'bytes\n')
    return 'ok'


class Odd(Exception):
    def __str__(self):
        raise RuntimeError('no text')


def raisesOddly(event, context):
    raise Odd()


async def asyncPrints(event, context):
    import asyncio

    for step in range(3):
        print(event.decode(), step)
        await asyncio.sleep(0.001)
    return 'ok'


def surrogate(event, context):
    return '\ud800'


def names(event, context):
    return [
        context.requestId, context.function.name, context.function.memory, context.service.log_store,
        context.service.version_id, context.region, context.account_id, context.retry_count,
        context.tracing.span_context, context.credentials.security_token, context.credentials.securityToken,
        context.tracing.traceparent,
    ]


def hangs(context):
    import threading

    print('hanging')
    threading.Event().wait()
