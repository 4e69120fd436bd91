/** What only PHP has: its output, its fatal errors, its globals, its forks. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Launch, type Runtime, startRuntime, withRuntime } from './driver.ts'

export function phpCases(launch: Launch): void {
  outputCases(launch)
  endingCases(launch)
  resultCases(launch)

  const answerOf = async (runtime: Runtime, event = '') => JSON.parse((await runtime.invoke(event)).text) as unknown

  test('php: what a file assigns at its top level is global, and nothing else is', async () => {
    await withRuntime(launch, { handler: 'forms.seesGlobals' }, async (runtime) => {
      assert.deepEqual(await answerOf(runtime), ['assigned at the top level', 'from lib', []])
    })
  })

  test('php: files of a layer are found by their path inside its folder php', async () => {
    const options = { handler: 'forms.requiresFromLayer', layersPath: join(launch.codePath, 'layers') }
    await withRuntime(launch, options, async (runtime) => {
      assert.equal((await runtime.invoke()).text, 'from a layer')
    })
  })

  test('php: the environment is in getenv, $_ENV and $_SERVER', async () => {
    const options = { handler: 'forms.everyEnvironment', environment: { OWN: 'value' } }
    await withRuntime(launch, options, async (runtime) => {
      assert.deepEqual(await answerOf(runtime), ['value', 'value', 'value'])
    })
  })

  test('php: requests that arrive together are served one after another, and ping when idle', async () => {
    await withRuntime(launch, { handler: 'index.interleave', concurrency: 3 }, async (runtime) => {
      const streams = ['a', 'b', 'c'].map((event) => runtime.openEvent(event))
      assert.deepEqual(await Promise.all(streams.map(async ({ answer }) => (await answer).text)), ['a', 'b', 'c'])
      assert.equal(await runtime.ping('idle'), 'idle')
    })
  })

  test('php: a request cancelled while its handler runs ends as cancelled, and the next is served', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-php-'))
    t.after(() => rmSync(folder, { recursive: true }))
    await withRuntime(launch, { handler: 'forms.waitsForFile' }, async (runtime) => {
      const file = join(folder, 'go')
      const stream = runtime.openEvent(file)
      await stream.until(() => stream.logs.stdout !== '')
      stream.cancel('timeout')
      writeFileSync(file, '')
      assert.equal((await stream.answer).error?.errorType, 'InvocationCancelled')
      assert.equal((await runtime.invoke(file)).text, 'done')
    })
  })

  test('php: a forked child prints to the pipe and leaves the channel alone', async () => {
    await withRuntime(launch, { handler: 'forms.forks' }, async (runtime) => {
      assert.equal((await runtime.invoke()).text, 'parent')
      assert.equal((await runtime.invoke()).text, 'parent')
      await runtime.stop()
      assert.equal(runtime.pipes.stdout, 'child prints\nchild prints\n')
    })
  })
}

function outputCases(launch: Launch): void {
  test('php: all ways to print are of the request: echo, STDOUT, error_log, warnings', async () => {
    await withRuntime(launch, { handler: 'forms.printsInAllWays' }, async (runtime) => {
      const stream = runtime.openEvent()
      await stream.answer
      assert.match(
        stream.logs.stdout,
        /^by printf\nby print\nint\(1\)\nby STDOUT\n\nWarning: Undefined variable \$absent in .*forms\.php on line \d+\n$/,
      )
      assert.equal(stream.logs.stderr, 'by error_log\n')
      await runtime.stop()
      assert.deepEqual(runtime.pipes, { stdout: '', stderr: '' })
    })
  })

  test('php: error_log still appends to a file', async () => {
    await withRuntime(launch, { handler: 'forms.appendsToLog' }, async (runtime) => {
      assert.equal((await runtime.invoke()).text, '["kept in a file",true]')
    })
  })

  test('php: an output buffer left open is printed, one that is read is not', async () => {
    await withRuntime(launch, { handler: 'forms.leavesBufferOpen' }, async (runtime) => {
      const stream = runtime.openEvent()
      assert.equal((await stream.answer).text, 'done')
      assert.equal(stream.logs.stdout, 'buffered')
    })
    await withRuntime(launch, { handler: 'forms.capturesOutput' }, async (runtime) => {
      const stream = runtime.openEvent()
      assert.equal((await stream.answer).text, 'template')
      assert.equal(stream.logs.stdout, '')
    })
  })

  test('php: a function that closes every output buffer still prints for the next request', async () => {
    await withRuntime(launch, { handler: 'forms.closesAllBuffers' }, async (runtime) => {
      for (const event of ['first', 'second']) {
        const stream = runtime.openEvent(event)
        await stream.answer
        assert.equal(stream.logs.stdout, `${event}\n`)
      }
    })
  })

  test('php: the logger has the levels of PSR-3 and writes context as JSON', async () => {
    await withRuntime(launch, { handler: 'forms.logsAtLevels' }, async (runtime) => {
      const stream = runtime.openEvent()
      await stream.answer
      const texts = (log: string) => [...log.matchAll(/^\S+Z r-1 (.*)$/gm)].map((match) => match[1])
      assert.deepEqual(texts(stream.logs.stdout), ['[DEBUG] d', '[INFO] with {"order":7}'])
      assert.deepEqual(texts(stream.logs.stderr), ['[WARNING] w', '[CRITICAL] {"0":1}'])
    })
  })
}

function endingCases(launch: Launch): void {
  test('php: die ends the process after its words and those of shutdown functions', async () => {
    await withRuntime(launch, { handler: 'forms.dies' }, async (runtime) => {
      const stream = runtime.openEvent()
      assert.equal((await runtime.exited).code, 0)
      assert.equal(stream.logs.stdout, 'dead\nshut down')
      assert.equal(stream.ended, false)
    })
  })

  test('php: a fatal error ends the process, and its output tells what it was', async () => {
    await withRuntime(launch, { handler: 'forms.exhaustsMemory' }, async (runtime) => {
      const stream = runtime.openEvent()
      assert.equal((await runtime.exited).code, 255)
      // When memory is used up, PHP does without output buffers and writes to the pipe.
      assert.match(
        stream.logs.stdout + runtime.pipes.stdout,
        /Fatal error: Allowed memory size of 16777216 bytes exhausted .*forms\.php on line/,
      )
    })
  })

  test('php: recursion without end is an error of its function or the end of its process', async () => {
    await withRuntime(launch, { handler: 'forms.recursesInC' }, async (runtime) => {
      const outcome = await Promise.race([runtime.invoke(), runtime.exited])
      const isTold = 'error' in outcome ? outcome.error?.handled === true : outcome.signal === 'SIGSEGV'
      assert.ok(isTold, JSON.stringify(outcome))
    })
  })

  test('php: a fatal error at load is told by READY before the process ends', async () => {
    const { runtime } = await startRuntime(launch)
    const { error } = await runtime.init(launch.codePath, { handler: 'fixtures/declared_twice.handler' })
    assert.equal(error?.errorType, 'FunctionUnhandledError: FatalError')
    assert.match(error.errorMessage, /Cannot redeclare.*handler/)
    assert.equal(error.handled, false)
    assert.equal((await runtime.exited).code, 255)
    assert.match(runtime.logs.stdout, /Fatal error: Cannot redeclare/)
  })

  test('php: a file that exits at load ends the process with its code', async () => {
    const { runtime } = await startRuntime(launch)
    void runtime.init(launch.codePath, { handler: 'fixtures/exits.handler' })
    assert.equal((await runtime.exited).code, 3)
  })
}

function resultCases(launch: Launch): void {
  for (const [handler, reason] of [
    ['invalidUtf8', /UTF-8/],
    ['notANumber', /NaN|Inf/],
  ] as const) {
    test(`php: the result of ${handler} is refused with the reason`, async () => {
      await withRuntime(launch, { handler: `forms.${handler}` }, async (runtime) => {
        const { error } = await runtime.invoke()
        assert.equal(error?.errorType, 'UnserializableResponse')
        assert.match(error.errorMessage, reason)
      })
    })
  }

  test('php: an answer of 30 MB arrives whole', async () => {
    await withRuntime(launch, { handler: 'index.sized' }, async (runtime) => {
      const sizeBytes = 30 * 1024 * 1024
      const { body } = await runtime.invoke(String(sizeBytes))
      assert.ok(body.equals(Buffer.alloc(sizeBytes, 'x')))
    })
  })

  test('php: a message that is not UTF-8 is told all the same', async () => {
    await withRuntime(launch, { handler: 'forms.throwsOddly' }, async (runtime) => {
      assert.equal((await runtime.invoke()).error?.errorMessage, 'not UTF-8: \ufffd')
    })
  })

  test('php: an error of the engine is handled as an exception is, with the place where it arose', async () => {
    await withRuntime(launch, { handler: 'forms.throwsError' }, async (runtime) => {
      const { error } = await runtime.invoke()
      assert.deepEqual([error?.errorType, error?.handled], ['DivisionByZeroError', true])
      assert.match(
        error!.stackTrace.join('\n'),
        /^at intdiv \(.*forms\.php:\d+\)\nat throwsError \(.*forms\.php:\d+\)$/,
      )
    })
  })

  test('php, generation 3: an object is an answer as an array is', async () => {
    await withRuntime(launch, { handler: 'forms.returnsObject' }, async (runtime) => {
      const { head, text } = await runtime.http()
      assert.deepEqual([head, text], [{ status: 202, headers: ['X-A', 'b'] }, 'object'])
    })
  })
}
