/** Lifecycle hooks from outside: before an instance is frozen, before it ends, within their time, told in the log. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { follow } from '../support/follow.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

interface Line {
  requestId: string
  stream: string
  text: string
}

interface Told {
  kind: string
  requestId: string
  durationMs: number
  billedMs: number
  memoryMB: number
  errorType: string
  fault: string | null
}

const LANGUAGES: Record<string, { runtime: string; files: Record<string, string> }> = {
  nodejs: {
    runtime: 'nodejs20',
    files: {
      'index.js': `
        let freezes = 0
        exports.handler = async () => ({ freezes, pid: process.pid })
        exports.start = async () => console.log('starting')
        exports.beforeFreeze = async (context) => console.log('freezing ' + context.requestId + ' ' + ++freezes)
        exports.beforeStop = (context, callback) => {
          console.log('stopping ' + context.requestId)
          setTimeout(callback, 5)
        }
        exports.fail = async () => { throw new RangeError('cannot flush') }
        exports.hang = () => new Promise(() => console.log('hanging'))`,
    },
  },
  python: {
    runtime: 'python3.10',
    files: {
      'index.py': `
import json, os, time
freezes = 0
def handler(event, context):
    return {'freezes': freezes, 'pid': os.getpid()}
def start(context):
    print('starting')
def beforeFreeze(context):
    global freezes
    freezes += 1
    print('freezing', context.request_id, freezes)
def beforeStop(context):
    print('stopping', context.request_id)
    time.sleep(0.005)
def fail(context):
    raise RuntimeError('cannot flush')
def hang(context):
    print('hanging')
    time.sleep(60)
`,
    },
  },
}

let platform: TestPlatform
before(async () => void (platform = await startPlatform()))
after(() => platform.stop())

const deploy = (
  name: string,
  { runtime, files }: { runtime: string; files: Record<string, string> },
  instanceLifecycleConfig: object,
) => platform.deploy(name, files, { service: 'shop', runtime, initializer: 'index.start', instanceLifecycleConfig })

/** A change of the function, after which the instances of what it was end. */
async function retire(name: string): Promise<void> {
  const answer = await platform.call('PUT', `/2021-04-06/services/shop/functions/${name}`, { description: 'changed' })
  assert.equal(answer.status, 200, answer.text)
}

/** Resolves with the end marker of a hook's next run; to be called before what leads to it. */
async function watch(name: string, word: 'PreFreeze' | 'PreStop'): Promise<{ ended: Promise<string> }> {
  const query = new URLSearchParams({ function: `shop$${name}`, text: `FC ${word} End` }).toString()
  const lines = await follow(platform, `/sluice/v1/logs/follow?${query}`)
  const ended = (async () => {
    const { line } = (await lines.next()) as { line: Line }
    lines.close()
    return line.requestId
  })()
  return { ended }
}

async function lines(name: string, requestId: string): Promise<string[]> {
  const query = new URLSearchParams({ function: `shop$${name}`, requestId }).toString()
  return (await platform.call('GET', `/sluice/v1/logs?${query}`))
    .json<{ lines: Line[] }>()
    .lines.map(({ text }) => text)
}

async function records(name: string): Promise<Told[]> {
  const answer = await platform.call('GET', `/sluice/v1/records?function=shop$${name}`)
  return answer.json<{ records: Told[] }>().records
}

for (const [language, code] of Object.entries(LANGUAGES)) {
  test(`${language}: preFreeze runs once before each freeze, preStop before the end, with marked lines and paid time`, async () => {
    const name = `${language}-hooks`
    await deploy(name, code, {
      preFreeze: { handler: 'index.beforeFreeze', timeout: 20 },
      preStop: { handler: 'index.beforeStop', timeout: 20 },
    })
    const invoke = async () => (await platform.invoke(`shop$${name}`)).json<{ freezes: number; pid: number }>()
    const ids: string[] = []
    let watching = await watch(name, 'PreFreeze')
    const { pid } = await invoke()
    for (const freezes of [1, 2]) {
      ids.push(await watching.ended)
      watching = await watch(name, 'PreFreeze')
      assert.deepEqual(await invoke(), { freezes, pid })
    }
    ids.push(await watching.ended)
    const stopping = await watch(name, 'PreStop')
    await retire(name)
    const last = await stopping.ended
    for (const [at, id] of ids.entries()) {
      assert.deepEqual(await lines(name, id), [
        `FC PreFreeze Start RequestId: ${id}`,
        `freezing ${id} ${at + 1}`,
        `FC PreFreeze End RequestId: ${id}`,
      ])
    }
    assert.deepEqual(await lines(name, last), [
      `FC PreStop Start RequestId: ${last}`,
      `stopping ${last}`,
      `FC PreStop End RequestId: ${last}`,
    ])
    const all = await records(name)
    assert.deepEqual(
      all.map(({ kind }) => kind),
      // By when they began: a request is accepted before the instance that it needs is started.
      ['event', 'initialize', 'preFreeze', 'event', 'preFreeze', 'event', 'preFreeze', 'preStop'],
    )
    for (const { billedMs, durationMs, memoryMB, fault } of all) {
      assert.deepEqual([billedMs, memoryMB, fault], [Math.ceil(durationMs), 128, null])
    }
    assert.ok(all.find(({ kind }) => kind === 'preStop')!.billedMs >= 5)
  })

  test(`${language}: hooks that fail or hang are told in the log, and hold up neither the next request nor the end`, async () => {
    const name = `${language}-failing`
    await deploy(name, code, {
      preFreeze: { handler: 'index.hang', timeout: 1 },
      preStop: { handler: 'index.fail', timeout: 20 },
    })
    const freezing = await watch(name, 'PreFreeze')
    const first = (await platform.invoke(`shop$${name}`)).json()
    const hung = await freezing.ended
    assert.deepEqual(await lines(name, hung), [
      `FC PreFreeze Start RequestId: ${hung}`,
      'hanging',
      'FunctionTimeoutError: preFreeze timed out after 1 seconds',
      `FC PreFreeze End RequestId: ${hung}, Error: Unhandled function error`,
    ])
    assert.deepEqual((await platform.invoke(`shop$${name}`)).json(), first)
    const stopping = await watch(name, 'PreStop')
    await retire(name)
    const failed = await stopping.ended
    const [start, message, end] = await lines(name, failed)
    assert.equal(start, `FC PreStop Start RequestId: ${failed}`)
    assert.match(message!, /^R\w+Error: cannot flush$/)
    assert.equal(end, `FC PreStop End RequestId: ${failed}, Error: Handled function error`)
  })
}

test('stopping the platform runs preStop in every language, also where instances are frozen', async () => {
  const names = Object.keys(LANGUAGES).map((language) => `${language}-last`)
  const frozen = await Promise.all(
    Object.values(LANGUAGES).map(async (code, at) => {
      await deploy(names[at]!, code, {
        preFreeze: { handler: 'index.beforeFreeze' },
        preStop: { handler: 'index.beforeStop' },
      })
      const freezing = await watch(names[at]!, 'PreFreeze')
      await platform.invoke(`shop$${names[at]!}`)
      return freezing.ended
    }),
  )
  assert.equal(frozen.length, 2)
  assert.equal(await platform.terminate(), 0)
  await platform.start()
  for (const name of names) {
    const stopped = (await records(name)).filter(({ kind }) => kind === 'preStop')
    assert.equal(stopped.length, 1, name)
    const { requestId: id } = stopped[0]!
    assert.deepEqual(await lines(name, id), [
      `FC PreStop Start RequestId: ${id}`,
      `stopping ${id}`,
      `FC PreStop End RequestId: ${id}`,
    ])
  }
})
