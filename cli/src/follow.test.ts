import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { failure, fakePlatform } from '../test/support.ts'
import { createClient } from './client.ts'
import { followLines } from './follow.ts'
import { type Json, textOf } from './json.ts'

const ref = { service: null, name: 'f' }
const line = (timeMs: number, text: string) => ({ timeMs, text, requestId: '', stream: 'stdout' })

test('following shows the past, then what comes, over a restart, nothing twice and nothing lost', async (t) => {
  const stored = [line(1000, 'one'), line(2000, 'two')]
  const streams: ServerResponse[] = []
  const { environment } = await fakePlatform(t, ({ path, query }, response) => {
    if (path.endsWith('/follow')) {
      streams.push(response)
      response.write(`${JSON.stringify({ heartbeatMs: 3000 * streams.length })}\n`)
      // Also stored by the time the past is asked for: must not be shown twice.
      if (streams.length === 1) {
        stored.push(line(3000, 'three'))
        response.write(`${JSON.stringify({ line: line(3000, 'three') })}\n`)
      }
      return undefined
    }
    const from = Number(query.get('from') ?? 0)
    return { body: { lines: stored.filter(({ timeMs }) => timeMs >= from).toReversed() } }
  })
  const client = createClient(new URL(environment.SLUICE_ENDPOINT), () => ({ accessKeyId: 'a', accessKeySecret: 'b' }))
  const stop = new AbortController()
  const shown: string[] = []
  const lost: string[] = []
  const onLine = (item: Json) => {
    shown.push(textOf(item['text']))
    if (item['text'] === 'three') {
      stored.push(line(4000, 'while away'))
      streams[0]!.destroy()
    }
    if (item['text'] === 'while away') streams[1]!.write(`${JSON.stringify({ line: line(7000, 'live') })}\n`)
    if (item['text'] === 'live') stop.abort()
  }
  const options = { signal: stop.signal, onLost: (reason: string) => void lost.push(reason), onDropped: () => {} }
  await followLines(client, { ref }, { fromMs: undefined, tail: 3 }, options, onLine)
  assert.deepEqual(shown, ['one', 'two', 'three', 'while away', 'live'])
  assert.equal(lost.length, 1)
})

test('a function that does not exist ends the following', async (t) => {
  const { environment } = await fakePlatform(t, () => failure(404, 'FunctionNotFound', 'no f'))
  const client = createClient(new URL(environment.SLUICE_ENDPOINT), () => ({ accessKeyId: 'a', accessKeySecret: 'b' }))
  const options = { signal: new AbortController().signal, onLost: () => {}, onDropped: () => {} }
  await assert.rejects(
    followLines(client, { ref }, { fromMs: undefined, tail: 1 }, options, () => {}),
    /no f/,
  )
})
