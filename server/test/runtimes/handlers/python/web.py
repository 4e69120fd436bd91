import json
import time


def hello(environ, start_response):
    start_response('201 Created', [('X-Name', 'a'), ('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2')])
    context = environ['fc.context']
    text = 'hello %s %s %s' % (environ['REQUEST_METHOD'], environ['PATH_INFO'], context.request_id)
    return [text.encode('latin-1')]


def describe(environ, start_response):
    start_response('200 OK', [])
    return [json.dumps({
        'method': environ['REQUEST_METHOD'],
        'path': environ['PATH_INFO'].encode('latin-1').decode(),
        'url': environ['fc.request_uri'],
        'clientIP': environ['REMOTE_ADDR'],
        'accept': environ['HTTP_X_MANY'].replace(',', ', '),
        'query': environ['QUERY_STRING'].split('&')[0].split('=')[1],
    }).encode()]


def echo(environ, start_response):
    start_response('200 OK', [])
    return iter(lambda: environ['wsgi.input'].read(65536), b'')


def whole(environ, start_response):
    size = len(environ['wsgi.input'].read())
    start_response('200 OK', [])
    return [str(size).encode()]


def early(environ, start_response):
    start_response('200 OK', [])
    return [b'early']


def stream(environ, start_response):
    start_response('200 OK', [])
    return (bytes([i]) * 65536 for i in range(32))


def endless(environ, start_response):
    start_response('200 OK', [])
    try:
        while True:
            yield bytes(65536)
            time.sleep(0.001)
    finally:
        print('the source was closed')


class ValueBroke(Exception):
    pass


def breaking(environ, start_response):
    start_response('200 OK', [])
    yield b'begun'
    raise ValueBroke('source broke')


def failing(environ, start_response):
    raise ValueBroke('before the response')


def injecting(environ, start_response):
    start_response('200 OK', [('x-a', 'b\r\nset-cookie: c')])
    return []
