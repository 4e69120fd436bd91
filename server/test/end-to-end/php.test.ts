/** Functions in PHP from outside: what the runtime promises, through gateway, instance and log. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { phpFinder } from '../../src/instances/interpreters/find-php.ts'
import { startPlatform, type Answer, type TestPlatform } from '../support/platform.ts'
import { linesOf } from '../support/sdk.ts'

const TOOL = `<?php
$calls = 0;
$started = [];

function start($context) {
    global $started;
    echo "connecting\\n";
    usleep(50000);
    $started[] = $context['requestId'];
}

function recurse($depth) { return recurse($depth + 1) + 1; }
function recurseInC($value) { return array_map('recurseInC', [$value]); }

function handler($event, $context) {
    global $calls, $started;
    $calls++;
    $order = json_decode($event, true) ?? [];
    if (isset($order['print'])) echo $order['print'], "\\n";
    if (isset($order['log'])) {
        $GLOBALS['fcLogger']->info($order['log']);
        error_log('careful');
    }
    if (isset($order['throw'])) throw new DomainException($order['throw']);
    if (isset($order['exit'])) exit($order['exit']);
    if (isset($order['fatal'])) { ini_set('memory_limit', '8M'); str_repeat('x', 16 << 20); }
    if (isset($order['eatMB'])) { $held = str_repeat('x', $order['eatMB'] << 20); sleep(20); }
    if (isset($order['recurse'])) return recurse(0);
    if (isset($order['recurseInC'])) return recurseInC(0);
    if (array_key_exists('mirror', $order)) return $order['mirror'];
    return ['calls' => $calls, 'requestId' => $context['requestId'], 'name' => $context['function']['name'],
        'env' => getenv('GREETING'), 'started' => count($started)];
}
`

const [php] = await phpFinder.find({ path: process.env['PATH'] ?? '', directory: '' })
const skip = php === undefined ? `there is no ${phpFinder.program} on PATH` : false

describe('php functions', { skip }, () => {
  let platform: TestPlatform
  before(async () => {
    platform = await startPlatform()
    await platform.deploy(
      'tool',
      { 'index.php': TOOL },
      {
        runtime: 'php7.2',
        timeout: 20,
        memorySize: 128,
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
    assert.deepEqual(answer.json(), { calls: 1, requestId: idOf(answer), name: 'tool', env: 'hello', started: 1 })
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

  test('bytes, text and arrays are answered as they are', async () => {
    const answers = []
    for (const mirror of ['text é', { a: [1, null] }, 42, true, null]) answers.push((await order({ mirror })).text)
    assert.deepEqual(answers, ['text é', '{"a":[1,null]}', '42', 'true', ''])
    const code = '<?php function handler($event, $context) { return $event; }'
    await platform.deploy('mirror', { 'index.php': code }, { runtime: 'php7.2' })
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 256))
    assert.ok((await platform.invoke('mirror', bytes)).body.equals(bytes))
  })

  test('prints, the logger and error_log reach the tail and the log, with level and request id', async () => {
    const answer = await order({ print: 'by echo', log: 'one' }, { 'x-fc-log-type': 'Tail' })
    const stored = await textsOf('tool', answer)
    assert.equal(stored[1], 'by echo')
    assert.match(
      stored[2]!,
      new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z ${idOf(answer)} \\[INFO\\] one$`),
    )
    assert.equal(stored[3], 'careful')
    const tail = Buffer.from(String(answer.headers['x-fc-log-result']), 'base64').toString()
    assert.deepEqual(tail.split('\n').slice(0, stored.length), stored)
  })

  test('an exception is the answer, with type, message and stack', async () => {
    const answer = await order({ throw: 'broken on purpose' })
    assert.deepEqual([answer.status, answer.headers['x-fc-error-type']], [200, 'HandledInvocationError'])
    const { errorMessage, errorType, stackTrace } = answer.json()
    assert.deepEqual([errorMessage, errorType], ['broken on purpose', 'DomainException'])
    assert.match(JSON.stringify(stackTrace), /at handler \(.*index\.php:\d+\)/)
  })

  test('exit, fatal error, memory and recursion end the instance, and the caller is told which it was', async () => {
    const ended = /^Process exited unexpectedly before completing request/
    const outOfMemory = /^killed for using more than its 128 MB of memory$/
    const failures = [
      { what: { exit: 3 }, errorMessage: ended, cause: /^exit code 3$/ },
      { what: { fatal: 1 }, errorMessage: ended, cause: /^exit code 255$/, log: /Allowed memory size of \d+ bytes/ },
      { what: { eatMB: 400 }, errorMessage: ended, cause: outOfMemory },
      { what: { recurse: 1 }, errorMessage: ended, cause: outOfMemory },
    ]
    for (const { what, errorMessage, cause, log } of failures) {
      const answer = await order(what)
      assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError', answer.text)
      const told = answer.json<{ errorMessage: string; cause?: string }>()
      assert.match(told.errorMessage, errorMessage)
      assert.match(told.cause ?? '', cause)
      if (log) assert.match((await textsOf('tool', answer)).join('\n'), log)
      assert.equal((await order({})).json()['calls'], 1, `after ${JSON.stringify(what)} a new instance answers`)
    }
  })

  test('a handler that never ends is ended at its timeout, and the next call gets a new instance', async () => {
    const code = `<?php
$calls = 0;
function handler($event, $context) {
    global $calls;
    $calls++;
    while ($event === 'hang') continue;
    return $calls;
}`
    await platform.deploy('hanging', { 'index.php': code }, { runtime: 'php7.2', timeout: 1 })
    const answer = await platform.invoke('hanging', 'hang')
    assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError', answer.text)
    assert.equal(answer.json()['errorMessage'], 'Task timed out after 1 seconds')
    assert.equal((await platform.invoke('hanging')).text, '1')
  })

  test('recursion through the engine itself fails its request only', async () => {
    const answer = await order({ recurseInC: 1 })
    assert.match(String(answer.headers['x-fc-error-type']), /InvocationError$/)
    assert.equal((await order({})).status, 200)
  })

  test('a file that is missing, no code, or without the handler is told by name', async () => {
    const cases: [name: string, code: string, error: RegExp][] = [
      ['no-code', '<?php function handler(', /UserCodeSyntaxError/],
      ['no-handler', '<?php function other() {}', /HandlerNotFound/],
      ['no-import', "<?php require 'absent_file.php';", /absent_file/],
      ['twice', '<?php function handler() {} eval("function handler() {}");', /Cannot redeclare/],
    ]
    for (const [name, code, error] of cases) {
      await platform.deploy(name, { 'index.php': code }, { runtime: 'php7.2' })
      const answer = await platform.invoke(name)
      assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError', name)
      assert.match(answer.text, error)
    }
  })

  test('a PSR-7 handler serves an HTTP trigger of 2.0: path, query, headers, body, status', async () => {
    const code = `<?php
use RingCentral\\Psr7\\Response;

function handler($request, $context): Response {
    $text = sprintf('%s %s ?%s ', $request->getMethod(), $request->getAttribute('path'), $request->getUri()->getQuery());
    return new Response(201, ['X-Seen' => $request->getHeaderLine('X-Sent'), 'Set-Cookie' => ['a=1', 'b=2']],
        $text . $request->getBody()->getContents());
}
`
    const options = { service: 'shop', runtime: 'php7.2', http: true }
    const { host } = await platform.deploy('web', { 'index.php': code }, options)
    const request = { host, body: 'sent é', headers: { 'X-Sent': 'by me' } }
    const answer = await platform.send('POST', '/a%20b/c?q=1&q=2', request)
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual([answer.headers['x-seen'], answer.headers['set-cookie']], ['by me', ['a=1', 'b=2']])
    assert.equal(answer.text, 'POST /a b/c ?q=1&q=2 sent é')
    const broken =
      '<?php function handler($request, $context) { throw new OutOfRangeException("before the response"); }'
    const failing = await platform.deploy('failing', { 'index.php': broken }, options)
    const failed = await platform.send('GET', '/', { host: failing.host })
    assert.equal(failed.status, 502)
    assert.equal(failed.json()['errorType'], 'OutOfRangeException')
  })

  test('an HTTP trigger of 3.0 is a JSON event, and its answer sets status and headers', async () => {
    const code = `<?php
function handler($event, $context) {
    $request = json_decode($event, true);
    return ['statusCode' => 418, 'headers' => ['X-Path' => $request['rawPath']], 'body' => $request['body']];
}
`
    const { host } = await platform.deploy('teapot', { 'index.php': code }, { runtime: 'php7.2', http: true })
    const answer = await platform.send('POST', '/tea', { host, body: 'leaves' })
    assert.deepEqual([answer.status, answer.headers['x-path'], answer.text], [418, '/tea', 'leaves'])
  })

  test('extensions of the host are there: multibyte text, XML, curl', async () => {
    const code = `<?php
function handler($event, $context) {
    return [mb_strtoupper('é'), (string) simplexml_load_string('<a><b>c</b></a>')->b, function_exists('curl_init')];
}
`
    await platform.deploy('extended', { 'index.php': code }, { runtime: 'php7.2' })
    assert.deepEqual((await platform.invoke('extended')).json(), ['É', 'c', true])
  })
})
