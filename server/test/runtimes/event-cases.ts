/** Events in, results and errors out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { INITIAL_CREDIT_BYTES } from '../../src/instances/channel/frames.ts'
import { needing } from './capability.ts'
import type { Language } from './contract.ts'
import { startRuntime, withRuntime } from './driver.ts'

export function eventCases(language: Language): void {
  const { name, launch, notInContext = [] } = language
  const results: [handler: string, expected: string][] = [
    ['nothing', ''],
    ['text', 'héllo'],
    ['number', '42'],
    ['boolean', 'true'],
  ]
  for (const [handler, expected] of results) {
    test(`${name}: the result of ${handler} is answered as it is documented`, async () => {
      await withRuntime(launch, { handler: `index.${handler}` }, async (runtime) => {
        const { text, error, head } = await runtime.invoke()
        assert.deepEqual({ text, error, head }, { text: expected, error: undefined, head: {} })
      })
    })
  }

  test(`${name}: an object is answered as JSON`, async () => {
    await withRuntime(launch, { handler: 'index.object' }, async (runtime) => {
      assert.deepEqual(JSON.parse((await runtime.invoke()).text), { a: [1, 'é'] })
    })
  })

  test(`${name}: the bytes of an event reach the handler unchanged, empty ones too`, async () => {
    await withRuntime(launch, { handler: 'index.echo' }, async (runtime) => {
      const bytes = Buffer.from([0, 255, 128, 10, 13, 0xc3])
      assert.deepEqual((await runtime.invoke(bytes)).body, bytes)
      assert.equal((await runtime.invoke('')).body.length, 0)
    })
  })

  test(`${name}: an event of many pieces arrives whole, with credit granted as it comes`, async () => {
    await withRuntime(launch, { handler: 'index.echo' }, async (runtime) => {
      const body = Buffer.alloc(3_000_001, 'abcdefg')
      const stream = runtime.open({ kind: 'event' })
      await stream.sendWhole(body)
      assert.ok((await stream.answer).body.equals(body))
    })
  })

  test(`${name}: an answer waits for credit and other streams go on meanwhile`, async () => {
    await withRuntime(launch, { handler: 'index.sized', concurrency: 2 }, async (runtime) => {
      const slow = runtime.open({ kind: 'event' }, String(INITIAL_CREDIT_BYTES + 10))
      slow.autoGrant = false
      await slow.until(() => slow.receivedBytes === INITIAL_CREDIT_BYTES)
      assert.equal((await runtime.invoke('5')).text, 'xxxxx')
      assert.equal(slow.ended, false)
      slow.grant(4)
      await slow.until(() => slow.receivedBytes === INITIAL_CREDIT_BYTES + 4)
      slow.grant(100)
      assert.equal((await slow.answer).body.length, INITIAL_CREDIT_BYTES + 10)
    })
  })

  test(`${name}: an answer beyond the limit is refused with its size and the limit`, async () => {
    await withRuntime(launch, { handler: 'index.sized', responseBytesMax: 1000 }, async (runtime) => {
      assert.equal((await runtime.invoke('1000')).body.length, 1000)
      const { error } = await runtime.invoke('1001')
      assert.equal(error?.errorType, 'ResponseTooLarge')
      assert.match(error.errorMessage, /1001 bytes, at most 1000/)
    })
  })

  test(`${name}: a result that JSON cannot hold is told as an error`, async () => {
    await withRuntime(launch, { handler: 'index.unserialisable' }, async (runtime) => {
      const { error } = await runtime.invoke()
      assert.equal(error?.errorType, 'UnserializableResponse')
    })
  })

  for (const [handler, expected] of [
    ['nested/app.handler', 'nested'],
    ['dotted.app.handler', 'dotted'],
    ['index.group.member', 'member'],
  ] as const) {
    test(`${name}: the handler ${handler} is found`, async () => {
      await withRuntime(launch, { handler }, async (runtime) => {
        assert.equal((await runtime.invoke()).text, expected)
      })
    })
  }

  test(`${name}: an asynchronous handler is awaited`, needing('asynchronous', language), async () => {
    await withRuntime(launch, { handler: 'index.asynchronous', concurrency: 3 }, async (runtime) => {
      const answers = await Promise.all(['a', 'b', 'c'].map(async (event) => (await runtime.invoke(event)).text))
      assert.deepEqual(answers, ['async a', 'async b', 'async c'])
    })
  })

  test(`${name}: the context holds every documented field, and those of the invocation itself`, async () => {
    await withRuntime(launch, { handler: 'index.describeContext' }, async (runtime) => {
      const context = JSON.parse((await runtime.invoke()).text) as Record<string, unknown>
      delete context['waitsForEmptyEventLoopBeforeCallback']
      delete context['logger']
      const documented = {
        requestId: 'r-1',
        credentials: { accessKeyId: 'key', accessKeySecret: 'secret', securityToken: 'token' },
        function: {
          name: 'hello',
          handler: launch.spell?.('index.describeContext', 'handleRequest') ?? 'index.describeContext',
          memory: 128,
          timeout: 3,
          initializer: '',
          initializationTimeout: 30,
        },
        service: { name: 'demo', logProject: 'p', logStore: 'l', qualifier: 'LATEST', versionId: '7' },
        region: 'cn-local',
        accountId: '1234567890123456',
        retryCount: 0,
        tracing: { openTracingSpanContext: '', openTracingSpanBaggages: {}, jaegerEndpoint: '' },
      }
      assert.deepEqual(context, without(documented, notInContext))
      const tracing = { openTracingSpanContext: 'span', openTracingSpanBaggages: { k: 'v' } }
      const head = { kind: 'event', qualifier: 'blue', retryCount: 2, tracing }
      const second = JSON.parse((await runtime.open(head, '').answer).text) as {
        service: { qualifier: string }
        retryCount: number
        tracing: object
      }
      assert.equal(second.service.qualifier, 'blue')
      assert.equal(second.retryCount, 2)
      assert.deepEqual(second.tracing, { ...tracing, jaegerEndpoint: '' })
      const third = JSON.parse((await runtime.invoke()).text) as { service: { qualifier: string } }
      assert.equal(third.service.qualifier, 'LATEST')
    })
  })

  const traced = notInContext.includes('tracing.traceparent')
    ? { skip: 'the interface of the context has no place for it' }
    : {}
  test(`${name}: the W3C trace of the caller is in the context, when there is one`, traced, async () => {
    await withRuntime(launch, { handler: 'index.describeContext' }, async (runtime) => {
      const w3c = {
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'a=1',
        baggage: 'user=k',
      }
      const ofCompute = { openTracingSpanContext: '', openTracingSpanBaggages: {}, jaegerEndpoint: 'http://j' }
      const head = { kind: 'event', tracing: { ...ofCompute, ...w3c } }
      const context = JSON.parse((await runtime.open(head, '').answer).text) as { tracing: object }
      assert.deepEqual(context.tracing, { ...ofCompute, ...w3c })
    })
  })
}

/** A copy without some fields, named as `field` or `field.field`. */
function without(value: Record<string, unknown>, paths: readonly string[]): Record<string, unknown> {
  const copy = structuredClone(value)
  for (const path of paths) {
    const [last, ...parents] = path.split('.').toReversed() as [string, ...string[]]
    const parent = parents.reduceRight((place, name) => place[name] as Record<string, unknown>, copy)
    delete parent[last]
  }
  return copy
}

export function errorCases(language: Language): void {
  const { name, launch, errorAtLoad, missingModule, errorPrefix = '' } = language
  const orderRefused = `${errorPrefix}OrderRefused`
  const handlerForm = language.handlerForm ?? /'index' is not of the form 'module\.function'/
  const [missingHandler, missingHandlerMessage] = language.missingHandler ?? [
    'index.absent',
    /^Handler 'absent' missing on module 'index'$/,
  ]

  for (const handler of ['failing', 'asyncFailing']) {
    const options = handler === 'failing' ? {} : needing('asynchronous', language)
    test(`${name}: what ${handler} throws is told with its type, message and stack`, options, async () => {
      await withRuntime(launch, { handler: `index.${handler}` }, async (runtime) => {
        const { error, head } = await runtime.invoke()
        assert.equal(head, undefined)
        assert.equal(error?.errorType, orderRefused)
        assert.equal(error.errorMessage, 'no such order')
        assert.equal(error.handled, true)
        assert.match(error.stackTrace.join('\n'), /index\.(js|py|php|java)/)
        assert.doesNotMatch(error.stackTrace.join('\n'), /_sluice|runtimes\/php\//)
        assert.equal((await runtime.invoke()).error?.errorType, orderRefused, 'the instance goes on')
      })
    })
  }

  const unloadable: [title: string, handler: string, errorType: string, message: RegExp][] = [
    ['a handler that is missing', missingHandler, 'HandlerNotFound', missingHandlerMessage],
    ['a handler without a function', 'index', 'HandlerNotFound', handlerForm],
    ['a module that is missing', 'absent.handler', 'ImportModuleError', missingModule],
    ['a module whose import fails', 'imports_missing.handler', 'ImportModuleError', /no.such.file/],
    ['a module that is no code', 'fixtures/syntax_error.handler', 'UserCodeSyntaxError', /./],
    ['a module that throws', 'throws.handler', `FunctionUnhandledError: ${errorAtLoad}`, /^at load$/],
  ]
  for (const [title, handler, errorType, message] of unloadable) {
    test(`${name}: ${title} makes READY tell ${errorType}`, async () => {
      const { runtime } = await startRuntime(launch)
      try {
        const { error } = await runtime.init(launch.codePath, { handler })
        assert.equal(error?.errorType, errorType)
        assert.match(error.errorMessage, message)
        assert.equal(error.handled, false)
        if (title === 'a module that throws') assert.match(runtime.logs.stdout, /loading\n/)
      } finally {
        await runtime.stop()
      }
    })
  }
}
