/** Functions in Python from outside: what the runtime promises, through gateway, instance and log. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPlatform, type Answer, type TestPlatform } from '../support/platform.ts'
import { linesOf } from '../support/sdk.ts'

const TOOL = `
import json, logging, os, sys, time

calls = 0
started = []

def start(context):
    print('connecting')
    time.sleep(0.005)
    started.append(context.request_id)

def handler(event, context):
    global calls
    calls += 1
    order = json.loads(event) if event else {}
    if 'print' in order:
        print(order['print'])
    if 'log' in order:
        logging.getLogger().info('%s of %d', order['log'], 2)
        logging.getLogger().warning('careful')
    if 'throw' in order:
        raise ValueError(order['throw'])
    if 'exit' in order:
        os._exit(order['exit']) if order.get('hard') else sys.exit(order['exit'])
    if 'hang' in order:
        while True:
            pass
    if 'eatMB' in order:
        held = b'x' * (order['eatMB'] << 20)
        time.sleep(20)
    if 'mirror' in order:
        return order['mirror']
    return {'calls': calls, 'pid': os.getpid(), 'requestId': context.request_id, 'name': context.function.name,
            'env': os.environ['GREETING'], 'started': len(started)}
`

let platform: TestPlatform
before(async () => {
  platform = await startPlatform()
  await platform.deploy(
    'tool',
    { 'index.py': TOOL },
    {
      runtime: 'python3.10',
      timeout: 1,
      memorySize: 128,
      instanceConcurrency: 2,
      environmentVariables: { GREETING: 'hello' },
      instanceLifecycleConfig: { initializer: { handler: 'index.start', timeout: 5 } },
    },
  )
})
after(() => platform.stop())

const order = (what: object, headers: Record<string, string> = {}) =>
  platform.invoke('tool', JSON.stringify(what), headers)
const idOf = (answer: Answer) => String(answer.headers['x-fc-request-id'])
const textsOf = async (name: string, answer: Answer) =>
  (await linesOf(platform, name, idOf(answer))).map(({ text }) => text)

test('the initializer runs once, with markers; then the event is answered with context and environment', async () => {
  const answer = await order({})
  assert.equal(answer.status, 200, answer.text)
  const { pid: _, ...seen } = answer.json()
  assert.deepEqual(seen, { calls: 1, requestId: idOf(answer), name: 'tool', env: 'hello', started: 1 })
  const id = idOf(answer)
  assert.deepEqual(await textsOf('tool', answer), [
    `FC Initialize Start RequestId: ${id}`,
    'connecting',
    `FC Initialize End RequestId: ${id}`,
    `FC Invoke Start RequestId: ${id}`,
    `FC Invoke End RequestId: ${id}`,
  ])
  const next = (await order({})).json()
  assert.deepEqual([next['calls'], next['started']], [2, 1])
})

test('bytes, text and objects are answered as they are', async () => {
  const answers = await Promise.all(['text é', { a: [1, null] }, 42, true].map((mirror) => order({ mirror })))
  assert.deepEqual(
    answers.map(({ text }) => text.replaceAll(' ', '')),
    ['texté', '{"a":[1,null]}', '42', 'true'],
  )
  await platform.deploy(
    'mirror',
    { 'index.py': 'def handler(event, context): return event' },
    { runtime: 'python3.10' },
  )
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 256))
  assert.ok((await platform.invoke('mirror', bytes)).body.equals(bytes))
})

test('prints and the logging module reach the tail and the log, with level and request id', async () => {
  const answer = await order({ print: 'by print', log: 'one' }, { 'x-fc-log-type': 'Tail' })
  const id = idOf(answer)
  const stored = await textsOf('tool', answer)
  assert.equal(stored[1], 'by print')
  assert.match(
    stored[2]!,
    new RegExp(`^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d[.,]\\d{3}Z? ${id} \\[INFO\\] one of 2$`),
  )
  assert.match(stored[3]!, new RegExp(` ${id} \\[WARNING\\] careful$`))
  const tail = Buffer.from(String(answer.headers['x-fc-log-result']), 'base64').toString()
  assert.deepEqual(tail.split('\n').slice(0, stored.length), stored)
})

test('an exception is the answer, with type, message and stack', async () => {
  const answer = await order({ throw: 'broken on purpose' })
  assert.deepEqual([answer.status, answer.headers['x-fc-error-type']], [200, 'HandledInvocationError'])
  const { errorMessage, errorType, stackTrace } = answer.json()
  assert.deepEqual([errorMessage, errorType], ['broken on purpose', 'ValueError'])
  assert.match(JSON.stringify(stackTrace), /index\.py.*in handler/)
})

test('exit, hard exit, timeout and memory end the instance, and the caller is told which it was', async () => {
  const failures = [
    { what: { exit: 3 }, errorMessage: /^Process exited unexpectedly before completing request/, cause: 'exit code 3' },
    { what: { exit: 4, hard: 1 }, errorMessage: /^Process exited unexpectedly/, cause: 'exit code 4' },
    { what: { hang: 1 }, errorMessage: /^Task timed out after 1 seconds$/, cause: undefined },
    {
      what: { eatMB: 400 },
      errorMessage: /^Process exited unexpectedly/,
      cause: 'killed for using more than its 128 MB of memory',
    },
  ]
  for (const { what, errorMessage, cause } of failures) {
    const answer = await order(what)
    assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError', answer.text)
    assert.match(String(answer.json()['errorMessage']), errorMessage)
    assert.equal(answer.json()['cause'], cause)
    assert.equal((await order({})).json()['calls'], 1, `after ${JSON.stringify(what)} a new instance answers`)
  }
})

test('a module that cannot be imported and a handler that is missing are told by name', async () => {
  const options = { runtime: 'python3.10' }
  await platform.deploy('no-import', { 'index.py': 'import absent_module' }, options)
  const noImport = await platform.invoke('no-import')
  assert.equal(noImport.headers['x-fc-error-type'], 'UnhandledInvocationError')
  assert.match(noImport.text, /absent_module/)
  await platform.deploy('no-handler', { 'index.py': 'other = 1' }, options)
  assert.match((await platform.invoke('no-handler')).text, /[Hh]andler.*'?handler'?.*index/)
})

test('a WSGI application serves an HTTP trigger: path, query, headers, body, status', async () => {
  const code = `
def handler(environ, start_response):
    size = int(environ.get('CONTENT_LENGTH') or 0)
    body = environ['wsgi.input'].read(size).decode()
    start_response('201 Created', [('X-Seen', environ['HTTP_X_SENT']), ('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2')])
    yield ('%s %s ?%s ' % (environ['REQUEST_METHOD'], environ['PATH_INFO'], environ['QUERY_STRING'])).encode('latin-1')
    yield body.encode()
`
  const { host } = await platform.deploy(
    'web',
    { 'index.py': code },
    { service: 'shop', runtime: 'python3.10', http: true },
  )
  const answer = await platform.send('POST', '/a%20b/c?q=1&q=2', {
    host,
    body: 'sent é',
    headers: { 'X-Sent': 'by me' },
  })
  assert.equal(answer.status, 201)
  assert.deepEqual([answer.headers['x-seen'], answer.headers['set-cookie']], ['by me', ['a=1', 'b=2']])
  assert.equal(answer.text, 'POST /a b/c ?q=1&q=2 sent é')
  const broken = 'def handler(environ, start_response): raise KeyError("before the response")'
  const failing = await platform.deploy(
    'failing',
    { 'index.py': broken },
    { service: 'shop', runtime: 'python3.10', http: true },
  )
  const failed = await platform.send('GET', '/', { host: failing.host })
  assert.equal(failed.status, 502)
  assert.equal(failed.json()['errorType'], 'KeyError')
})

test('requests that share an instance run at once, each with its own lines', async () => {
  const code = `
import threading
door = threading.Barrier(4, timeout=10)
def handler(event, context):
    name = event.decode()
    print(name, 'before')
    door.wait()
    print(name, 'after')
    return name
`
  await platform.deploy('crowd', { 'index.py': code }, { runtime: 'python3.10', timeout: 15, instanceConcurrency: 4 })
  const names = ['red', 'green', 'blue', 'black']
  const answers = await Promise.all(names.map((name) => platform.invoke('crowd', name)))
  for (const [at, answer] of answers.entries()) {
    assert.equal(answer.text, names[at])
    const [, ...printed] = await textsOf('crowd', answer)
    assert.deepEqual(printed.slice(0, 2), [`${names[at]} before`, `${names[at]} after`])
  }
  assert.equal(new Set(answers.map(({ headers }) => headers['x-fc-instance-id'])).size, 1)
})
