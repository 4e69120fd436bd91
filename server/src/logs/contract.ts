/** What every log store must do. There is one implementation so far: the second home is an OTLP collector, which only takes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import * as fc from 'fast-check'
import { requestIdV3, uuidV7 } from '../clock.ts'
import { LOG_LINE_BYTES_MAX } from './port.ts'
import type { InvocationRecord, LogLine, LogQuery, LogStore } from './port.ts'
import { BASE_MS, lineOf, recordOf } from './test-support.ts'

export interface ContractSetup {
  /** A new, empty store whose clock stands at `BASE_MS` plus an hour; it keeps at least a day. */
  make: (context: TestContext) => Promise<LogStore>
}

async function texts(store: LogStore, query: Partial<LogQuery> = {}): Promise<string[]> {
  const { lines } = await store.queryLines({ functionKey: 'hello', limit: 1000, ...query })
  return lines.map((line) => line.text)
}

async function pages(store: LogStore, query: LogQuery): Promise<LogLine[]> {
  const lines: LogLine[] = []
  let page = await store.queryLines(query)
  for (;;) {
    lines.push(...page.lines)
    if (page.nextCursor === undefined) return lines
    assert.equal(page.lines.length, query.limit)
    page = await store.queryLines({ ...query, cursor: page.nextCursor })
  }
}

export function logStoreContract(name: string, { make }: ContractSetup): void {
  const check = (title: string, run: (store: LogStore) => Promise<void>): void => {
    void test(`${name}: ${title}`, async (context) => run(await make(context)))
  }

  check('what was appended before a query is in its answer, as it was given', async (store) => {
    const lines = ['plain', '', 'a\0b', 'lone \ud800 surrogate', '\u001b[31mred\u001b[0m', '["true", null]', '😀'].map(
      (text, index) => lineOf({ text, timeMs: BASE_MS + index, stream: index % 2 === 0 ? 'stdout' : 'stderr' }),
    )
    for (const line of lines) store.appendLine(line)
    assert.deepEqual((await store.queryLines({ functionKey: 'hello', limit: 100 })).lines, lines)
  })

  check('records come back whole', async (store) => {
    const coldStart = { scheduleMs: 0.1, packageMs: 2, sandboxMs: 3, runtimeMs: 4, initializerMs: 0 }
    const records = [
      recordOf({ requestId: 'a', durationMs: 0.1 + 0.2, maxMemoryMB: 100.26, coldStart }),
      recordOf({ requestId: 'b', startedMs: BASE_MS + 1, fault: 'function', handled: true, errorType: 'TypeError' }),
      recordOf({ requestId: 'c', startedMs: BASE_MS + 2, kind: 'http', method: 'GET', path: '/ä"', statusCode: 404 }),
    ]
    for (const record of records) store.appendRecord(record)
    assert.deepEqual(await store.queryRecords({ functionKey: 'hello', limit: 10 }), records)
    assert.deepEqual(await store.queryRecords({ limit: 2, descending: true }), records.toReversed().slice(0, 2))
  })

  check('markers stand around the lines of their request', async (store) => {
    const fast = (requestId: string): void => {
      store.appendLine(lineOf({ requestId, text: `${requestId} prints` }))
      store.appendRecord(recordOf({ requestId, durationMs: 0.2, startedMs: BASE_MS - 1, queuedMs: 0.9 }))
    }
    fast('r1')
    fast('r2')
    const expected = ['r1', 'r2'].flatMap((id) => [
      `FC Invoke Start RequestId: ${id}`,
      `${id} prints`,
      `FC Invoke End RequestId: ${id}`,
    ])
    const sorted = await texts(store)
    assert.deepEqual([...sorted].sort(), [...expected].sort())
    for (const id of ['r1', 'r2']) {
      const own = expected.filter((text) => text.includes(id))
      assert.deepEqual(
        sorted.filter((text) => text.includes(id)),
        own,
      )
      assert.deepEqual(await texts(store, { requestId: id }), own)
      assert.deepEqual(await texts(store, { requestId: id, descending: true }), own.toReversed())
    }
  })

  check('the end marker tells of a function error, and the message has a line of its own', async (store) => {
    const errors: Partial<InvocationRecord>[] = [
      { fault: 'function', handled: true, errorType: 'Error', errorMessage: 'no\nway' },
      { fault: 'function', handled: false, errorMessage: 'Task timed out after 3 seconds' },
      { fault: 'caller', errorType: 'ClientClosedRequest', errorMessage: 'gone' },
      { fault: 'platform', errorType: 'ResourceThrottled', errorMessage: 'full', instanceId: '' },
    ]
    for (const [i, error] of errors.entries()) {
      store.appendRecord(recordOf({ requestId: `r${i}`, startedMs: BASE_MS + i * 10, ...error }))
    }
    assert.deepEqual(await texts(store), [
      'FC Invoke Start RequestId: r0',
      'Error: no way',
      'FC Invoke End RequestId: r0, Error: Handled function error',
      'FC Invoke Start RequestId: r1',
      'Task timed out after 3 seconds',
      'FC Invoke End RequestId: r1, Error: Unhandled function error',
      'FC Invoke Start RequestId: r2',
      'ClientClosedRequest: gone',
      'FC Invoke End RequestId: r2',
      'ResourceThrottled: full',
    ])
  })

  check('an initializer stands before its request, each with its own lines, though all is of one ms', async (store) => {
    store.appendLine(lineOf({ requestId: 'r', text: 'connecting', hook: 'initialize' }))
    store.appendRecord(recordOf({ requestId: 'r', kind: 'initialize', startedMs: BASE_MS - 1, durationMs: 0.8 }))
    store.appendLine(lineOf({ requestId: 'r', text: 'working' }))
    store.appendRecord(recordOf({ requestId: 'r', startedMs: BASE_MS - 30, queuedMs: 30, durationMs: 0.1 }))
    const expected = [
      'FC Initialize Start RequestId: r',
      'connecting',
      'FC Initialize End RequestId: r',
      'FC Invoke Start RequestId: r',
      'working',
      'FC Invoke End RequestId: r',
    ]
    assert.deepEqual(await texts(store), expected)
    assert.deepEqual(await texts(store, { requestId: 'r', descending: true }), expected.toReversed())
    const { lines } = await store.queryLines({ functionKey: 'hello', limit: 10 })
    assert.deepEqual(
      lines.map(({ hook }) => hook),
      ['initialize', 'initialize', 'initialize', null, null, null],
    )
  })

  check('hooks have markers of their own name, with their errors', async (store) => {
    store.appendLine(lineOf({ requestId: 'a', text: 'flushing', hook: 'preFreeze', timeMs: BASE_MS + 1 }))
    store.appendRecord(recordOf({ requestId: 'a', kind: 'preFreeze' }))
    const failure = { fault: 'function', errorType: 'FunctionTimeoutError', errorMessage: 'too slow' } as const
    store.appendRecord(recordOf({ requestId: 'b', kind: 'preStop', startedMs: BASE_MS + 50, ...failure }))
    assert.deepEqual(await texts(store), [
      'FC PreFreeze Start RequestId: a',
      'flushing',
      'FC PreFreeze End RequestId: a',
      'FC PreStop Start RequestId: b',
      'FunctionTimeoutError: too slow',
      'FC PreStop End RequestId: b, Error: Unhandled function error',
    ])
    assert.deepEqual(
      (await store.queryRecords({ functionKey: 'hello', limit: 5 })).map(({ kind }) => kind),
      ['preFreeze', 'preStop'],
    )
  })

  check('filters hold for lines and markers alike', async (store) => {
    store.appendLine(lineOf({ text: 'Straße EINS', requestId: 'r1', versionId: '1', instanceId: 'c-1' }))
    store.appendLine(lineOf({ text: 'two', requestId: 'r"2', versionId: '2', instanceId: 'c-2', timeMs: BASE_MS + 5 }))
    store.appendLine(lineOf({ text: 'elsewhere', functionKey: 'shop$hello' }))
    store.appendRecord(recordOf({ requestId: 'r1', versionId: '1', instanceId: 'c-1' }))
    assert.deepEqual(await texts(store, { text: 'STRASSE' }), [])
    assert.deepEqual(await texts(store, { text: 'straßE e' }), ['Straße EINS'])
    assert.deepEqual(await texts(store, { text: 'invoke START' }), ['FC Invoke Start RequestId: r1'])
    assert.deepEqual(await texts(store, { requestId: 'r"2' }), ['two'])
    assert.deepEqual(await texts(store, { versionId: '2' }), ['two'])
    assert.equal((await texts(store, { instanceId: 'c-1' })).length, 3)
    assert.deepEqual(await texts(store, { fromMs: BASE_MS + 5 }), ['two'])
    assert.deepEqual(await texts(store, { fromMs: BASE_MS + 3, toMs: BASE_MS + 5 }), ['FC Invoke End RequestId: r1'])
    assert.deepEqual(await texts(store, { functionKey: 'shop$hello' }), ['elsewhere'])
  })

  check('a line that is too long is cut and marked', async (store) => {
    store.appendLine(lineOf({ text: '€'.repeat(LOG_LINE_BYTES_MAX) }))
    const [text] = await texts(store)
    assert.match(text!, /^€+ … \[cut: /)
    assert.ok(Buffer.byteLength(text!) <= LOG_LINE_BYTES_MAX)
  })

  check('a record is found by its request id, with and without its function', async (store) => {
    const ids = [requestIdV3(BASE_MS), uuidV7(BASE_MS), 'an id of a caller']
    for (const requestId of ids) store.appendRecord(recordOf({ requestId, durationMs: 20 * 60_000 }))
    store.appendRecord(recordOf({ requestId: ids[1]!, startedMs: BASE_MS + 600_000, functionKey: 'other' }))
    for (const requestId of ids) {
      const [record] = await store.queryRecords({ requestId, limit: 1 })
      assert.equal(record?.requestId, requestId)
      assert.equal((await store.queryRecords({ requestId, functionKey: 'hello', limit: 5 })).length, 1)
      assert.equal((await store.queryRecords({ requestId, functionKey: 'none', limit: 5 })).length, 0)
    }
  })

  check('records are filtered by outcome and by when they started', async (store) => {
    for (let i = 0; i < 10; i++) {
      store.appendRecord(
        recordOf({ requestId: `r${i}`, startedMs: BASE_MS + i, fault: i % 3 === 0 ? 'function' : null }),
      )
    }
    const ids = async (query: Parameters<LogStore['queryRecords']>[0]): Promise<string[]> =>
      (await store.queryRecords(query)).map(({ requestId }) => requestId)
    assert.deepEqual(await ids({ failed: true, limit: 10 }), ['r0', 'r3', 'r6', 'r9'])
    assert.deepEqual(await ids({ failed: false, descending: true, limit: 2 }), ['r8', 'r7'])
    assert.deepEqual(await ids({ fromMs: BASE_MS + 2, toMs: BASE_MS + 4, limit: 10 }), ['r2', 'r3'])
  })

  check('a bad limit or cursor is refused by name', async (store) => {
    const refused = (field: RegExp) => ({ code: 'InvalidArgument', message: field })
    await assert.rejects(store.queryLines({ functionKey: 'hello', limit: 0 }), refused(/^limit/))
    await assert.rejects(store.queryRecords({ limit: 1.5 }), refused(/^limit/))
    await assert.rejects(store.queryLines({ functionKey: 'hello', limit: 1, cursor: 'WzFd' }), refused(/^cursor/))
  })

  check('followers hear what concerns them, markers in order, until they stop', async (store) => {
    const heard: string[] = []
    const follower = store.follow({ functionKey: 'hello', versionId: '1', limit: 1 }, ({ text }) => heard.push(text))
    const records: string[] = []
    const recordFollower = store.followRecords(undefined, ({ requestId }) => records.push(requestId))
    store.appendLine(lineOf({ versionId: '1', requestId: 'r', text: 'one' }))
    store.appendLine(lineOf({ versionId: '2', text: 'other version' }))
    store.appendLine(lineOf({ versionId: '1', requestId: 'r', text: 'two' }))
    store.appendRecord(recordOf({ versionId: '1', requestId: 'r' }))
    store.appendRecord(recordOf({ versionId: '1', requestId: 'silent' }))
    store.appendLine(lineOf({ versionId: '1', requestId: 's', text: 'connecting', hook: 'initialize' }))
    store.appendRecord(recordOf({ versionId: '1', requestId: 's', kind: 'initialize' }))
    store.appendLine(lineOf({ versionId: '1', requestId: 's', text: 'working' }))
    follower.stop()
    recordFollower.stop()
    store.appendLine(lineOf({ versionId: '1', text: 'unheard' }))
    store.appendRecord(recordOf({ requestId: 'unheard' }))
    assert.deepEqual(heard, [
      'FC Invoke Start RequestId: r',
      'one',
      'two',
      'FC Invoke End RequestId: r',
      'FC Invoke Start RequestId: silent',
      'FC Invoke End RequestId: silent',
      'FC Initialize Start RequestId: s',
      'connecting',
      'FC Initialize End RequestId: s',
      'FC Invoke Start RequestId: s',
      'working',
    ])
    assert.deepEqual(records, ['r', 'silent', 's'])
  })

  const happenings = fc.array(
    fc.record({
      record: fc.boolean(),
      requestId: fc.constantFrom('', 'a', 'b', 'c'),
      offsetMs: fc.nat(8),
      durationMs: fc.constantFrom(0, 0.4, 3.5, 3_600_000),
      query: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  void test(`${name}: pages of any size, in both directions, hold every line once and in one order`, async (context) => {
    let next = 0
    const store = await make(context)
    await fc.assert(
      fc.asyncProperty(happenings, fc.integer({ min: 1, max: 7 }), async (events, limit) => {
        const functionKey = `f${next++}`
        const appended: string[] = []
        for (const [index, { record, requestId, offsetMs, durationMs, query }] of events.entries()) {
          const at = BASE_MS + offsetMs
          if (record) {
            store.appendRecord(recordOf({ functionKey, requestId: `${requestId}${index}`, startedMs: at, durationMs }))
            appended.push(`FC Invoke Start RequestId: ${requestId}${index}`)
            appended.push(`FC Invoke End RequestId: ${requestId}${index}`)
          } else {
            store.appendLine(lineOf({ functionKey, requestId, timeMs: at, text: `line ${index}` }))
            appended.push(`line ${index}`)
          }
          // A query stores what is waiting: the rows end up in several, overlapping blocks.
          if (query) await store.queryRecords({ functionKey, limit: 1 })
        }
        const forward = await pages(store, { functionKey, limit })
        assert.deepEqual(forward.map(({ text }) => text).sort(), appended.sort())
        const times = forward.map(({ timeMs }) => timeMs)
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        )
        assert.deepEqual(await pages(store, { functionKey, limit, descending: true }), forward.toReversed())
        assert.deepEqual((await store.queryLines({ functionKey, limit: 1000 })).lines, forward)
      }),
      { numRuns: 25 },
    )
  })
}
