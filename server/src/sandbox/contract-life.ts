/** Promises of a sandbox about beginning and end, and what a program finds in it. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SHELL, daemon, eventually, processesWith, seconds } from './contract-scene.ts'
import type { Promises } from './contract-scene.ts'

export const life: Promises = {
  'exited tells the exit code': async ({ agent }) => {
    const { sandbox } = await agent({ command: [SHELL, '-c', 'exit 7'] })
    const { code, signal, outOfMemory } = await sandbox.exited
    assert.deepEqual({ code, signal, outOfMemory }, { code: 7, signal: null, outOfMemory: false })
  },

  'exited tells the signal': async ({ agent }) => {
    const { sandbox } = await agent({ command: [SHELL, '-c', 'kill -9 $$'] })
    const { code, signal, outOfMemory } = await sandbox.exited
    assert.deepEqual({ code, signal, outOfMemory }, { code: null, signal: 'SIGKILL', outOfMemory: false })
  },

  'all output is delivered, by stream, before exited resolves': async ({ agent }) => {
    const script = 'i=0; while [ $i -lt 2000 ]; do echo out-$i; echo err-$i >&2; i=$((i+1)); done'
    const { sandbox, output } = await agent({ command: [SHELL, '-c', script] })
    await sandbox.exited
    const expected = (prefix: string): string => Array.from({ length: 2000 }, (_, i) => `${prefix}-${i}\n`).join('')
    assert.equal(output('stdout'), expected('out'))
    assert.equal(output('stderr'), expected('err'))
  },

  'the environment is what was given, SLUICE_CHANNEL and TMPDIR, and nothing else': async ({ agent }) => {
    const { sandbox, evaluate } = await agent({ environment: { GREETING: 'a "b" $c\n`d`', EMPTY: '' } })
    const { channel, temporary } = sandbox.paths
    assert.deepEqual(await evaluate('process.env'), {
      GREETING: 'a "b" $c\n`d`',
      EMPTY: '',
      SLUICE_CHANNEL: channel,
      TMPDIR: temporary,
    })
  },

  'arguments arrive as given': async ({ agent }) => {
    const { sandbox, output } = await agent({ command: [SHELL, '-c', 'printf "%s|" "$@"', 'x', 'a b', '', '$HOME'] })
    await sandbox.exited
    assert.equal(output('stdout'), 'a b||$HOME|')
  },

  'the temporary folder is empty, writable, and gone with the sandbox': async ({ agent, directory }) => {
    const { sandbox, evaluate } = await agent()
    const folder = sandbox.paths.temporary
    assert.deepEqual(await evaluate(`fs.readdirSync('${folder}')`), [])
    await evaluate(`fs.mkdirSync('${folder}/a/b', { recursive: true })`)
    await evaluate(`fs.writeFileSync('${folder}/a/b/c', 'x'), fs.chmodSync('${folder}/a', 0)`)
    await sandbox.stop(0)
    assert.deepEqual(readdirSync(directory), [])
  },

  'stop asks first: a program that handles SIGTERM ends by itself': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    await evaluate(`void process.on('SIGTERM', () => process.exit(3))`)
    await sandbox.stop(20_000)
    assert.equal((await sandbox.exited).code, 3)
  },

  'a program that ignores SIGTERM is killed after the grace, or by a second, impatient stop': async ({ agent }) => {
    const [a, b] = [await agent(), await agent()]
    for (const { evaluate } of [a, b]) await evaluate(`void process.on('SIGTERM', () => {})`)
    await a.sandbox.stop(50)
    assert.equal((await a.sandbox.exited).signal, 'SIGKILL')
    const patient = b.sandbox.stop(60_000)
    await Promise.all([b.sandbox.stop(0), patient])
    assert.equal((await b.sandbox.exited).signal, 'SIGKILL')
  },

  'stop ends children and daemons too': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    await evaluate(`void child_process.spawn('sleep', ['${seconds(70001)}'])`)
    await evaluate(`void child_process.spawn('sleep', ['${seconds(70001)}'], { detached: true, stdio: 'ignore' })`)
    await evaluate(daemon(seconds(70001)))
    await eventually(() => processesWith(seconds(70001)).length === 3)
    await sandbox.stop(0)
    assert.deepEqual(processesWith(seconds(70001)), [])
  },

  'nothing outlives a program that ends by itself': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    await evaluate(`void child_process.spawn('sleep', ['${seconds(70002)}'], { stdio: 'inherit' })`)
    await evaluate(daemon(seconds(70002)))
    await eventually(() => processesWith(seconds(70002)).length === 2)
    await evaluate('setImmediate(() => process.exit(0)), 0')
    assert.equal((await sandbox.exited).code, 0)
    assert.deepEqual(processesWith(seconds(70002)), [])
  },

  'a program that ends at once is a sandbox that ended': async ({ agent, directory }) => {
    const agents = await Promise.all(Array.from({ length: 5 }, () => agent({ command: [SHELL, '-c', 'exit 1'] })))
    for (const { sandbox } of agents) assert.equal((await sandbox.exited).code, 1)
    await agents[0]!.sandbox.stop(1000)
    assert.deepEqual(readdirSync(directory), [])
  },

  'what cannot be started is refused with the reason, and leaves nothing': async ({ agent, directory, scratch }) => {
    const file = join(scratch, 'file')
    writeFileSync(file, '')
    await assert.rejects(agent({ command: ['/no/such/program'] }), /\/no\/such\/program does not exist/)
    await assert.rejects(agent({ command: [file] }), /file is not an executable file/)
    await assert.rejects(agent({ command: [] }), /the command is empty/)
    await assert.rejects(agent({ id: '../escape' }), /id must be/)
    const secret = 'x'.repeat(3 * 1024 * 1024)
    await assert.rejects(agent({ environment: { SECRET: secret } }), ({ message }: Error) => {
      assert.match(message, /larger than the system accepts/)
      assert.ok(message.length < 300)
      return true
    })
    await assert.rejects(agent({ environment: { SECRET: 'a\0b' } }), /NUL/)
    assert.deepEqual(readdirSync(directory), [])
  },

  'the host reaches at its address what listens inside, and only that': async ({ agent }) => {
    const [server, other] = [await agent(), await agent()]
    const port = await server.evaluate(`new Promise((resolve) => {
      const server = require('http').createServer((_, response) => response.end('inside'))
      server.listen(0, '0.0.0.0', () => resolve(server.address().port))
    })`)
    const answer = await fetch(`http://${server.sandbox.address}:${String(port)}`)
    assert.equal(await answer.text(), 'inside')
    const isSame = server.sandbox.address === other.sandbox.address
    assert.equal(isSame, server.sandbox.sharesNetwork)
    if (!isSame) await assert.rejects(fetch(`http://${other.sandbox.address}:${String(port)}`))
  },

  'an id is taken until its sandbox is gone': async ({ agent }) => {
    const { sandbox } = await agent({ id: 'c-5a5a' })
    await assert.rejects(agent({ id: 'c-5a5a' }), /exists already/)
    await sandbox.stop(0)
    const again = await agent({ id: 'c-5a5a' })
    assert.equal(await again.evaluate('1 + 1'), 2)
  },
}
