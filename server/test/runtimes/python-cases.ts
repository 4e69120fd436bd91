/** What only Python has: WSGI, threads, forks, its own types. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Launch, withRuntime } from './driver.ts'

export function pythonCases(launch: Launch): void {
  for (const [handler, expected] of [
    ['writer', 'one two three'],
    ['closing', 'ab'],
  ] as const) {
    test(`python, generation 2: the WSGI application ${handler} is served`, async () => {
      await withRuntime(launch, { handler: `forms.${handler}`, generation: 2 }, async (runtime) => {
        const stream = runtime.openHttp({}, '')
        assert.equal((await stream.answer).text, expected)
      })
    })
  }

  test('python, generation 2: exc_info replaces a head that has not left', async () => {
    await withRuntime(launch, { handler: 'forms.replaced', generation: 2 }, async (runtime) => {
      const { head, text } = await runtime.http()
      assert.deepEqual([head?.status, text], [503, 'sorry'])
    })
  })

  test('python, generation 2: the body can be read by lines', async () => {
    await withRuntime(launch, { handler: 'forms.lines', generation: 2 }, async (runtime) => {
      assert.equal((await runtime.http({ method: 'POST' }, 'a\nb\nc')).text, 'a\n|b\n|c')
    })
  })

  test('python: context attributes have their documented names', async () => {
    await withRuntime(launch, { handler: 'forms.names' }, async (runtime) => {
      const names = JSON.parse((await runtime.invoke()).text) as unknown
      assert.deepEqual(names, [
        'r-1',
        'hello',
        128,
        'l',
        '7',
        'cn-local',
        '1234567890123456',
        0,
        '',
        'token',
        'token',
        '',
      ])
    })
  })

  test('python: a thread prints for the invocation that started it', async () => {
    await withRuntime(launch, { handler: 'forms.inThread', concurrency: 4 }, async (runtime) => {
      const streams = ['a', 'b', 'c', 'd'].map((event) => runtime.openEvent(event))
      for (const stream of streams) await stream.answer
      const printed = streams.map((stream) => stream.logs.stdout)
      assert.deepEqual(
        printed,
        ['a', 'b', 'c', 'd'].map((event) => `thread of ${event}\n`),
      )
    })
  })

  test('python: async handlers that interleave print for their own invocation', async () => {
    await withRuntime(launch, { handler: 'forms.asyncPrints', concurrency: 3 }, async (runtime) => {
      const streams = ['a', 'b', 'c'].map((event) => runtime.openEvent(event))
      for (const stream of streams) await stream.answer
      for (const [i, stream] of streams.entries()) {
        const event = 'abc'[i]!
        assert.equal(stream.logs.stdout, `${event} 0\n${event} 1\n${event} 2\n`)
      }
    })
  })

  test('python: a function without concurrency runs in the main thread', async () => {
    await withRuntime(launch, { handler: 'forms.threads' }, async (runtime) => {
      assert.equal((await runtime.invoke()).text, 'true')
    })
  })

  test('python: no more workers run than concurrency asks for', async () => {
    await withRuntime(launch, { handler: 'forms.workers', concurrency: 3 }, async (runtime) => {
      const answers = await Promise.all(Array.from({ length: 9 }, async () => (await runtime.invoke()).text))
      const reader = 1
      assert.equal(Math.max(...answers.map(Number)), 3 + reader)
    })
  })

  test('python: a hook that does not end keeps its worker, and no invocation and no other hook from running', async () => {
    const options = { handler: 'forms.threads', preFreeze: 'forms.hangs', preStop: 'index.beforeFreeze' }
    await withRuntime(launch, options, async (runtime) => {
      const hung = runtime.hook('preFreeze')
      while (runtime.logs.stdout !== 'hanging\n') await runtime.ping()
      assert.equal((await runtime.invoke()).text, 'false')
      assert.deepEqual(await Promise.race([hung, runtime.hook('preStop')]), {})
      assert.equal(runtime.logs.stdout, 'hanging\nfreezing r-hook\n')
    })
  })

  test('python: a forked child prints to the pipe and leaves the channel alone', async () => {
    await withRuntime(launch, { handler: 'forms.forks' }, async (runtime) => {
      assert.equal((await runtime.invoke()).text, 'parent')
      assert.equal((await runtime.invoke()).text, 'parent')
      await runtime.stop()
      assert.equal(runtime.pipes.stdout, 'child prints\nchild prints\n')
    })
  })

  test('python: text and bytes written to stdout keep their order', async () => {
    await withRuntime(launch, { handler: 'forms.binaryOutput' }, async (runtime) => {
      const stream = runtime.openEvent()
      await stream.answer
      assert.equal(stream.logs.stdout, 'text bytes\n')
    })
  })

  test('python: bytearrays are answered raw, text without an encoding is refused', async () => {
    await withRuntime(launch, { handler: 'forms.bytes_' }, async (runtime) => {
      assert.deepEqual([...(await runtime.invoke()).body], [1, 2])
    })
    await withRuntime(launch, { handler: 'forms.surrogate' }, async (runtime) => {
      assert.equal((await runtime.invoke()).error?.errorType, 'UnserializableResponse')
    })
  })

  test('python: an error without a text is told all the same', async () => {
    await withRuntime(launch, { handler: 'forms.raisesOddly' }, async (runtime) => {
      assert.equal((await runtime.invoke()).error?.errorType, 'Odd')
    })
  })
}
