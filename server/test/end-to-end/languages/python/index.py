"""Does what the event says; an HTTP request is answered with what it was."""
import json
import os

initialized = 0


def initializer(context):
    global initialized
    initialized += 1
    print('initializing')


def handler(event, context):
    if event.startswith(b'{'):
        return answer_http(json.loads(event))
    if event.startswith(b'echo:'):
        return event[len(b'echo:'):].decode()
    if event == b'context':
        return {
            'requestId': context.request_id,
            'functionName': context.function.name,
            'hasAccessKey': bool(context.credentials.access_key_id),
        }
    if event == b'env':
        return os.environ['GREETING']
    if event == b'print':
        print('printed', context.request_id)
        return 'ok'
    if event == b'fail':
        raise ValueError('no such order')
    if event == b'exit':
        os._exit(3)
    if event == b'init':
        return str(initialized)
    if event == b'large':
        return b'x' * (30 << 20)
    return event


def answer_http(request):
    text = '%s %s %s %s' % (
        request['requestContext']['http']['method'],
        request['rawPath'],
        request['queryParameters'].get('q'),
        request['body'],
    )
    return {'statusCode': 201, 'headers': {'x-answer': request['headers']['X-Question']}, 'body': text}
