/** `sluice local invoke --debug` with debuggers that speak the real protocols. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { java } from '../../server/test/support/java.ts'
import { freePort } from '../../server/test/support/platform.ts'
import { DapClient } from './dap-client.ts'
import { InspectorClient } from './inspector-client.ts'
import { type FakeTerminal, compileCache, fakeTerminal, shortBuilds, sluice, temporaryFolder } from './support.ts'

/** Where the setup puts the Python packages that tests need. */
const PYTHON_PACKAGES = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'python')
const BUILD_MS_MAX = 300_000
const CONNECT_POLL_MS = 50

const withoutDebugpy = existsSync(join(PYTHON_PACKAGES, 'debugpy')) ? false : 'debugpy could not be installed'

const { PATH, HOME } = process.env
const environment = { PATH, HOME, PYTHONPATH: PYTHON_PACKAGES, ...compileCache }

function functionIn(t: TestContext, file: string, source: string): string {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'code'))
  writeFileSync(join(folder, 'code', file), source)
  const runtime = file.endsWith('.py') ? 'python3.10' : 'nodejs20'
  const props = { functionName: 'f', runtime, handler: 'index.handler', code: './code', memorySize: 128, timeout: 1 }
  writeFileSync(
    join(folder, 's.yaml'),
    JSON.stringify({ edition: '3.0.0', resources: { f: { component: 'fc3', props } } }),
  )
  return folder
}

interface Waiting {
  port: number
  launchConfiguration: Record<string, unknown>
}

/** Starts an invocation that waits for a debugger; `ended` is its end. */
async function startDebugging(terminal: FakeTerminal, folder: string) {
  const port = await freePort()
  const ended = sluice(['local', 'invoke', folder, '-e', 'you', '--json', '--debug-port', String(port)], terminal)
  await Promise.race([terminal.stdout.has(/\n/), ended])
  const { debugger: waiting } = JSON.parse(terminal.stdout.text.split('\n')[0]!) as { debugger?: Waiting }
  assert.ok(waiting, terminal.stdout.text)
  assert.equal(waiting.port, port)
  return { ...waiting, ended, resultOf: (out: string) => JSON.parse(out.split('\n')[1]!) as Record<string, unknown> }
}

test('Node.js: halts where the handler begins, then at a breakpoint, and goes on to its answer', async (t) => {
  const folder = functionIn(
    t,
    'index.js',
    [
      "const greeting = 'hello'",
      'exports.handler = async (event) => {',
      '  const name = event.toString()',
      '  const text = `${greeting} ${name}`',
      '  return text',
      '}',
    ].join('\n'),
  )
  const terminal = fakeTerminal({ folder, environment })
  const { port, launchConfiguration, ended, resultOf } = await startDebugging(terminal, folder)
  const { localRoot, remoteRoot } = launchConfiguration as { localRoot: string; remoteRoot: string }
  assert.equal(localRoot, join(folder, 'code'))

  const client = await InspectorClient.connect(port)
  await client.send('Debugger.enable')
  const url = pathToFileURL(join(remoteRoot, 'index.js')).href
  const { breakpointId } = await client.send('Debugger.setBreakpointByUrl', { url, lineNumber: 4 })
  await client.send('Runtime.runIfWaitingForDebugger')

  const atEntry = await client.paused()
  assert.equal(atEntry.callFrames[0]!.location.lineNumber, 2)
  await client.send('Debugger.resume')
  const atBreakpoint = await client.paused()
  assert.deepEqual(atBreakpoint.hitBreakpoints, [breakpointId])
  const { callFrameId } = atBreakpoint.callFrames[0]!
  const { result } = await client.send('Debugger.evaluateOnCallFrame', { callFrameId, expression: 'text' })
  assert.deepEqual(result, { type: 'string', value: 'hello you' })
  await client.send('Debugger.resume')

  const { code, out } = await ended
  client.close()
  assert.equal(code, 0, out)
  assert.equal(resultOf(out)['body'], 'hello you')
})

test('Node.js: the module itself is not loaded before a debugger has come', async (t) => {
  const folder = functionIn(t, 'index.js', "console.log('loaded')\nexports.handler = async () => 'done'")
  const terminal = fakeTerminal({ folder, environment })
  const { port, ended, resultOf } = await startDebugging(terminal, folder)
  const client = await InspectorClient.connect(port)
  await client.send('Debugger.enable')
  await client.send('Runtime.runIfWaitingForDebugger')
  const { callFrames } = await client.paused()
  assert.equal(callFrames[0]!.functionName, 'exports.handler')
  // A debugger that leaves lets the function go on.
  client.close()
  const { code, out } = await ended
  assert.equal(code, 0, out)
  const { body, lines } = resultOf(out) as { body: string; lines: { text: string }[] }
  assert.equal(body, 'done')
  assert.ok(lines.some(({ text }) => text === 'loaded'))
})

test(
  'Python: debugpy halts at a line named by the path in the editor, and goes on',
  { skip: withoutDebugpy },
  async (t) => {
    const folder = functionIn(
      t,
      'index.py',
      [
        'def handler(event, context):',
        '    name = event.decode()',
        '    text = "hello " + name',
        '    return text',
        '',
      ].join('\n'),
    )
    const terminal = fakeTerminal({ folder, environment })
    const { port, launchConfiguration, ended, resultOf } = await startDebugging(terminal, folder)
    const client = await DapClient.connect(port)
    await client.send('initialize', { adapterID: 'test', pathFormat: 'path', linesStartAt1: true })
    const attached = client.send('attach', launchConfiguration)
    await client.event('initialized')
    const source = { path: join(folder, 'code', 'index.py') }
    const { breakpoints } = await client.send('setBreakpoints', { source, breakpoints: [{ line: 4 }] })
    assert.equal((breakpoints as { verified: boolean }[])[0]!.verified, true)
    await client.send('configurationDone')
    await attached

    const { threadId, reason } = await client.event('stopped')
    assert.equal(reason, 'breakpoint')
    const { stackFrames } = await client.send('stackTrace', { threadId })
    const [frame] = stackFrames as { id: number; line: number; source: { path: string } }[]
    assert.deepEqual([frame!.line, frame!.source.path], [4, source.path])
    const { result } = await client.send('evaluate', { frameId: frame!.id, expression: 'text' })
    assert.equal(result, "'hello you'")
    await client.send('continue', { threadId })

    const { code, out } = await ended
    client.close()
    assert.equal(code, 0, out)
    assert.equal(resultOf(out)['body'], 'hello you')
  },
)

/** Of the Java Debug Wire Protocol. */
const GREETING = 'JDWP-Handshake'
const PACKET_HEADER_BYTES = 11

/** One that accepts: a Java machine is told of before it listens. */
async function connectWhenOpen(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    if (isOpen) return socket
    await sleep(CONNECT_POLL_MS)
  }
}

test(
  'Java: the machine waits for a JDWP client, and goes on when it is told to',
  { timeout: BUILD_MS_MAX, skip: 'missing' in java ? java.missing : false },
  async (t) => {
    const folder = temporaryFolder(t)
    const terminal = fakeTerminal({ folder, environment: { ...process.env, ...shortBuilds } })
    assert.equal((await sluice(['init', 'java-event', 'f'], fakeTerminal({ folder }))).code, 0)
    const { port, launchConfiguration, ended, resultOf } = await startDebugging(terminal, join(folder, 'f'))
    assert.deepEqual(launchConfiguration, {
      type: 'java',
      request: 'attach',
      name: 'sluice',
      hostName: '127.0.0.1',
      port,
    })

    const socket = await connectWhenOpen(port)
    socket.write(GREETING)
    // Its greeting, then the event that it has started and is suspended: told to go on before that, it would wait for ever.
    let received = Buffer.alloc(0)
    while (received.length < GREETING.length + PACKET_HEADER_BYTES) {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      received = Buffer.concat([received, chunk])
    }
    assert.equal(received.toString('latin1', 0, GREETING.length), GREETING)
    // Length, id, flags, VirtualMachine (1), Resume (9).
    socket.write(Buffer.from([0, 0, 0, 11, 0, 0, 0, 1, 0, 1, 9]))
    const { code, out } = await ended
    socket.destroy()
    assert.equal(code, 0, out)
    assert.equal(resultOf(out)['body'], 'Hello, you!\n')
  },
)

test('a language without a debugger, and one whose port is taken, are told as such', async (t) => {
  const folder = functionIn(t, 'index.js', "exports.handler = async () => 'done'")
  writeFileSync(
    join(folder, 'custom.yaml'),
    'edition: 3.0.0\nresources: { c: { component: fc3, props: { functionName: c, runtime: custom, code: ./code } } }\n',
  )
  const custom = await sluice(
    ['local', 'invoke', '-t', 'custom.yaml', '-e', '', '--debug'],
    fakeTerminal({ folder, environment }),
  )
  assert.equal(custom.code, 2)
  assert.match(custom.err, /--debug: custom functions have no debugger here; nodejs, python and java functions do/)

  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.after(() => other.close())
  const address = other.address()
  const port = typeof address === 'object' && address ? String(address.port) : ''
  const taken = await sluice(['local', 'invoke', '-e', '', '--debug-port', port], fakeTerminal({ folder, environment }))
  assert.equal(taken.code, 1)
  assert.match(taken.err, new RegExp(`DebuggerMissing: no debugger can listen on 127\\.0\\.0\\.1:${port}`))
})
