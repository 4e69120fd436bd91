import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runtimeContract } from './contract.ts'
import { withRuntime } from './driver.ts'

const launch = {
  command: [process.execPath, join(import.meta.dirname, '../../../runtimes/nodejs/bootstrap.cjs')],
  codePath: join(import.meta.dirname, 'handlers/nodejs'),
}
const language = {
  name: 'nodejs',
  launch,
  errorAtLoad: 'RangeError',
  missingModule: /^Cannot find module 'absent'$/,
}

runtimeContract(language)

for (const [handler, expected] of [
  ['forms.byCallback', 'called x'],
  ['forms.byArguments', 'by arguments'],
  ['forms.byRest', 'by rest'],
  ['forms.spreads', ''],
  ['forms.callsThenRejects', 'answered'],
  ['module.handler', 'module x'],
  ['esm/app.handler', 'esm x'],
] as const) {
  test(`nodejs: ${handler} answers in its own form`, async () => {
    await withRuntime(launch, { handler }, async (runtime) => {
      assert.equal((await runtime.invoke('x')).text, expected)
    })
  })
}

for (const [handler, errorType, message] of [
  ['failByCallback', 'TypeError', 'told by callback'],
  ['failWithText', 'FunctionHandledError', 'just text'],
  ['failWithObject', 'FunctionHandledError', '{"code":7}'],
  ['throwsText', 'FunctionHandledError', 'thrown text'],
] as const) {
  test(`nodejs: the error of ${handler} is told`, async () => {
    await withRuntime(launch, { handler: `forms.${handler}` }, async (runtime) => {
      const { error } = await runtime.invoke()
      assert.deepEqual([error?.errorType, error?.errorMessage, error?.handled], [errorType, message, true])
    })
  })
}

test('nodejs: an error that cannot be read is told all the same', async () => {
  await withRuntime(launch, { handler: 'forms.throwsOddly' }, async (runtime) => {
    assert.equal((await runtime.invoke()).error?.errorType, 'FunctionHandledError')
  })
})

test('nodejs: only the first call of the callback counts', async () => {
  await withRuntime(launch, { handler: 'forms.twice' }, async (runtime) => {
    assert.equal((await runtime.invoke('a')).text, 'first a')
    assert.equal((await runtime.invoke('b')).text, 'first b')
  })
})

for (const handler of ['uncaught', 'unhandled']) {
  test(`nodejs: an ${handler} error ends the process and is told on stderr of its invocation`, async () => {
    await withRuntime(launch, { handler: `forms.${handler}` }, async (runtime) => {
      const stream = runtime.openEvent()
      assert.equal((await runtime.exited).code, 1)
      assert.equal(stream.ended, false)
      assert.match(stream.logs.stderr, /^FunctionUnhandledError: TypeError: nobody (catches|handles) this\n +at /)
    })
  })
}

test('nodejs: bytes are answered raw, a function is refused', async () => {
  await withRuntime(launch, { handler: 'forms.bytes' }, async (runtime) => {
    assert.deepEqual([...(await runtime.invoke()).body], [1, 2, 3])
  })
  await withRuntime(launch, { handler: 'forms.functionResult' }, async (runtime) => {
    assert.match((await runtime.invoke()).error?.errorMessage ?? '', /it is a function/)
  })
})

test('nodejs: the initializer may answer by callback', async () => {
  await withRuntime(launch, { handler: 'index.echo', initializer: 'forms.initializeByCallback' }, async (runtime) => {
    assert.equal((await runtime.invoke('x')).text, 'x')
  })
  const failing = { handler: 'index.echo', initializer: 'forms.failInitializeByCallback' }
  await assert.rejects(
    withRuntime(launch, failing, async () => {}),
    /not today/,
  )
})

test('nodejs: what an ended invocation prints is of no stream, even while another runs', async () => {
  await withRuntime(launch, { handler: 'forms.lateLog' }, async (runtime) => {
    const first = runtime.openEvent('first')
    await first.answer
    while (runtime.logs.stdout === '') await runtime.invoke('second')
    assert.equal(runtime.logs.stdout, 'late\n')
    assert.equal(first.logs.stdout, '')
  })
})

test('nodejs: every form of writing to stdout is understood', async () => {
  await withRuntime(launch, { handler: 'forms.stdoutForms' }, async (runtime) => {
    const stream = runtime.openEvent()
    assert.equal((await stream.answer).text, 'TypeError')
    assert.equal(stream.logs.stdout, 'aébcd')
  })
})

test('nodejs: a context that is kept stays that of its own invocation', async () => {
  await withRuntime(launch, { handler: 'forms.keepsContext' }, async (runtime) => {
    await runtime.invoke()
    assert.equal((await runtime.invoke()).text, 'r-1 r-2')
  })
})

test('nodejs, generation 2: only the first send counts', async () => {
  await withRuntime(launch, { handler: 'forms.webTwice', generation: 2 }, async (runtime) => {
    assert.equal((await runtime.http()).text, 'one')
    assert.equal((await runtime.http()).text, 'one')
  })
})

test('nodejs, generation 2: headers can be asked for and removed, wrong values are refused', async () => {
  await withRuntime(launch, { handler: 'forms.webApi', generation: 2 }, async (runtime) => {
    const seen = JSON.parse((await runtime.http()).text) as unknown
    assert.deepEqual(seen, [true, '1', false, 'TypeError', 'TypeError', 'TypeError'])
  })
})
