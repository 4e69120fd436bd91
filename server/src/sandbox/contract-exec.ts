/** Promises of a sandbox about further programs, for people who look inside. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { SHELL, eventually, processesWith, seconds } from './contract-scene.ts'
import type { Promises } from './contract-scene.ts'
import type { ExecProcess, Sandbox } from './port.ts'

async function run(sandbox: Sandbox, script: string, input = '', terminal = false) {
  const process = await sandbox.exec({ command: [SHELL, '-c', script], terminal })
  process.stdin.end(input)
  const [stdout, stderr, exit] = await Promise.all([text(process.stdout), text(process.stderr), process.exited])
  return { stdout, stderr, ...exit }
}

/** Resolves when the output holds the text. */
function shown(stream: Readable, wanted: string): Promise<void> {
  let output = ''
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes(wanted)) resolve()
    })
  })
}

export const exec: Promises = {
  'a further program starts in the code, with the environment of the sandbox': async ({ agent, scratch }) => {
    const codeFolder = join(scratch, 'code')
    mkdirSync(codeFolder)
    writeFileSync(join(codeFolder, 'index.js'), 'hello')
    const { sandbox, code } = await agent({
      codeFolder,
      environment: { PATH: '/usr/bin:/bin', GREETING: 'a "b" $c' },
    })
    const script = 'pwd; cat index.js; echo; echo "$GREETING"; echo "$TMPDIR"'
    const { stdout, stderr, code: exitCode } = await run(sandbox, script)
    assert.equal(stdout, `${code}\nhello\na "b" $c\n${sandbox.paths.temporary}\n`)
    assert.equal(stderr, '')
    assert.equal(exitCode, 0)
  },

  'it shares the temporary folder with the first program': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    await evaluate(`fs.writeFileSync('${sandbox.paths.temporary}/note', 'from inside')`)
    assert.equal((await run(sandbox, 'cat "$TMPDIR/note"')).stdout, 'from inside')
  },

  'input goes in, output and errors come out apart, the exit code is told': async ({ agent }) => {
    const { sandbox, output } = await agent()
    const { stdout, stderr, code, signal } = await run(sandbox, 'cat; echo problem >&2; exit 7', 'a\nb\n')
    assert.deepEqual({ stdout, stderr, code, signal }, { stdout: 'a\nb\n', stderr: 'problem\n', code: 7, signal: null })
    assert.equal(output('stdout') + output('stderr'), '', 'nothing of it is output of the function')
  },

  'large input and output pass whole': async ({ agent }) => {
    const { sandbox } = await agent()
    const input = `${'x'.repeat(99)}\n`.repeat(20_000)
    assert.equal((await run(sandbox, 'cat', input)).stdout.length, input.length)
  },

  'on a terminal, input is echoed, output and errors are one, and size and kind are known': async ({ agent }) => {
    const { sandbox } = await agent({ environment: { PATH: '/usr/bin:/bin' } })
    const process = await sandbox.exec({
      command: [SHELL, '-c', 'test -t 0 && test -t 1 && test -t 2 && echo terminal; read a; stty size; read b; exit 5'],
      terminal: true,
    })
    await shown(process.stdout, 'terminal')
    process.resize(132, 43)
    process.stdin.write('typed\n')
    await shown(process.stdout, '43 132')
    process.stdin.write('\n')
    assert.equal((await process.exited).code, 5)
    const echoed = await run(sandbox, 'read line; echo "$TERM" >&2', 'typed\n', true)
    assert.match(echoed.stdout, /typed\r\n/)
    assert.match(echoed.stdout, /xterm/)
    assert.equal(echoed.stderr, '')
  },

  'a terminal ends with what was typed last, and Ctrl-C interrupts': async ({ agent }) => {
    const { sandbox } = await agent()
    assert.equal((await run(sandbox, 'cat', 'a line\n', true)).code, 0)
    const process = await sandbox.exec({
      command: [SHELL, '-c', `echo ready; exec sleep ${seconds(70006)}`],
      terminal: true,
    })
    await shown(process.stdout, 'ready')
    process.stdin.write('\u0003')
    const { code, signal } = await process.exited
    assert.ok(signal === 'SIGINT' || code === 130, `${signal} ${code}`)
  },

  'kill ends it, on a terminal or not, and the sandbox goes on': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    const command = [SHELL, '-c', 'trap "" HUP INT TERM; echo ready; while :; do sleep 0.05; done']
    for (const terminal of [false, true]) {
      const process = await sandbox.exec({ command, terminal })
      await shown(process.stdout, 'ready')
      process.kill()
      await process.exited
    }
    assert.equal(await evaluate('1 + 1'), 2)
  },

  'what it leaves running ends with the sandbox, and so does it': async ({ agent }) => {
    const { sandbox } = await agent()
    const running: ExecProcess[] = []
    for (const terminal of [false, true]) {
      running.push(
        await sandbox.exec({
          command: [SHELL, '-c', `(sleep ${seconds(70007)} &) ; exec sleep ${seconds(70007)}`],
          terminal,
        }),
      )
    }
    for (const { stdout } of running) stdout.resume()
    await eventually(() => processesWith(seconds(70007)).length === 4)
    await sandbox.stop(0)
    await Promise.all(running.map(({ exited }) => exited))
    assert.deepEqual(processesWith(seconds(70007)), [])
  },

  'its memory counts': async ({ agent }) => {
    const { sandbox } = await agent({ limits: { memoryBytes: 160 * 1024 * 1024 } })
    const hog = 'globalThis.held = Buffer.alloc(400 * 1024 * 1024, 1); setInterval(() => {}, 1000)'
    await sandbox.exec({ command: [process.execPath, '-e', hog], terminal: false })
    assert.equal((await sandbox.exited).outOfMemory, true)
  },

  'what cannot be run is told: by a reason, or as shells do': async ({ agent }) => {
    const { sandbox } = await agent()
    const missing = await sandbox
      .exec({ command: ['/no/such/program'], terminal: false })
      .then(({ exited }) => exited)
      .catch((error: Error) => error.message)
    if (typeof missing === 'string') assert.match(missing, /\/no\/such\/program does not exist/)
    else assert.ok(missing.code !== 0)
    await sandbox.stop(0)
    await assert.rejects(sandbox.exec({ command: [SHELL], terminal: false }), /has ended/)
  },
}
