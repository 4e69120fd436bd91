import json
import os
import sys
import threading
import time

initializations = 0
held = threading.Event()


class OrderRefused(Exception):
    pass


class group:
    @staticmethod
    def member(event, context):
        return 'member'


def echo(event, context):
    return event


def nothing(event, context):
    return None


def text(event, context):
    return 'héllo'


def number(event, context):
    return 42


def boolean(event, context):
    return True


def object(event, context):
    return {'a': [1, 'é']}


def unserialisable(event, context):
    loop = {}
    loop['self'] = loop
    return loop


def sized(event, context):
    return 'x' * int(event)


async def asynchronous(event, context):
    import asyncio

    await asyncio.sleep(0.001)
    return 'async ' + event.decode()


def failing(event, context):
    raise OrderRefused('no such order')


async def asyncFailing(event, context):
    raise OrderRefused('no such order')


def describeContext(event, context):
    return context.to_json()


def environment(event, context):
    return {
        'code': os.environ['FC_FUNC_CODE_PATH'],
        'own': os.environ.get('OWN'),
        'channel': os.environ.get('SLUICE_CHANNEL'),
        'key': os.environ['ALIBABA_CLOUD_ACCESS_KEY_ID'],
        'folder': os.getcwd(),
    }


def credentials(event, context):
    return {'context': context.credentials.access_key_id, 'variable': os.environ['ALIBABA_CLOUD_ACCESS_KEY_ID']}


def initialize(context):
    global initializations
    initializations += 1
    print('initializing', context.request_id)


def failInitialize(context):
    raise OrderRefused('cannot connect')


def initializationCount(event, context):
    return initializations


def beforeFreeze(context):
    print('freezing', context.request_id)


def failBeforeStop(context):
    raise OrderRefused('cannot flush')


def printAll(event, context):
    print('out', event.decode())
    print('err', event.decode(), file=sys.stderr)
    sys.stdout.write('no line end')
    return 'printed'


def interleave(event, context):
    for step in range(5):
        print(event.decode(), step)
        time.sleep(0.001)
    return event


def printThenSpin(event, context):
    print('before the loop')
    while True:
        pass


def printToPipe(event, context):
    os.write(1, b'straight to the pipe\n')
    return 'done'


def printLarge(event, context):
    sys.stdout.write('y' * 3000000)
    return 'done'


def exit(event, context):
    print('leaving')
    sys.exit(7)


def hold(event, context):
    if event == b'hold':
        print('holding')
        held.wait()
        return 'held'
    held.set()
    return 'released'


def log(event, context):
    import logging

    logging.getLogger().info('count %d', 3)
    logging.getLogger('own').error('broken')
    return 'logged'


def answer(event, context):
    return json.loads(json.loads(event)['body'])


def rawAnswer(event, context):
    return json.loads(event)['body']
