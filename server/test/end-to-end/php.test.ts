/** Functions in PHP from outside: what is PHP's alone. What every language promises is in languages.test.ts. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { phpFinder } from '../../src/instances/interpreters/find-php.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { linesOf } from '../support/sdk.ts'

const TOOL = `<?php
$calls = 0;

function recurse($depth) { return recurse($depth + 1) + 1; }

function handler($event, $context) {
    global $calls;
    $calls++;
    switch ($event) {
        case 'fatal':
            ini_set('memory_limit', '8M');
            str_repeat('x', 16 << 20);
        case 'eat':
            $held = str_repeat('x', 400 << 20);
            sleep(20);
        case 'recurse':
            return recurse(0);
        default:
            return $calls;
    }
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
      },
    )
  })
  after(() => platform.stop())

  test('a fatal error, memory and recursion end the instance, and the caller is told which it was', async () => {
    const outOfMemory = /^killed for using more than its 128 MB of memory$/
    for (const [event, cause] of [
      ['fatal', /^exit code 255$/],
      ['eat', outOfMemory],
      ['recurse', outOfMemory],
    ] as const) {
      const answer = await platform.invoke('tool', event)
      assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError', answer.text)
      const told = answer.json<{ errorMessage: string; cause: string }>()
      assert.match(told.errorMessage, /^Process exited unexpectedly before completing request/)
      assert.match(told.cause, cause)
      const words = (await linesOf(platform, 'tool', String(answer.headers['x-fc-request-id']))).map(({ text }) => text)
      if (event === 'fatal') assert.match(words.join('\n'), /Allowed memory size of \d+ bytes/)
      assert.equal((await platform.invoke('tool')).text, '1', `after ${event} a new instance answers`)
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
