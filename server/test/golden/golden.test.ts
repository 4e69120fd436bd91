/** Plays the golden files beside it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { liveInstance } from '../../src/api/exec/test-support.ts'
import { handClock, noInstances, startApi, zipSaying } from '../../src/api/test-support.ts'
import type { Names, Step } from './golden-file.ts'
import { difference, insertNames, parseGolden } from './golden-file.ts'

const folder = import.meta.dirname
/** What runs of the functions that are named so. */
const fleet = [
  liveInstance('c-kept', 'fleet', { isProvisioned: true, state: 'frozen' }),
  liveInstance('c-busy', 'fleet', { state: 'busy', inFlight: 2 }),
  liveInstance('c-new', 'fleet', { state: 'initializing' }),
  liveInstance('c-old', 'fleet', { versionId: '1', qualifier: 'live' }),
  liveInstance('c-two', 'shop$fleet'),
  liveInstance('c-one', 'shop$fleet'),
]

for (const file of readdirSync(folder).filter((name) => name.endsWith('.http'))) {
  test(`golden ${file}`, async (context) => {
    const clock = handClock()
    const api = await startApi(clock, { instances: { ...noInstances, list: () => fleet } })
    context.after(() => api.close())
    const names: Names = new Map([
      ['zip', zipSaying('one')],
      ['zip2', zipSaying('two')],
    ])
    for (const step of parseGolden(readFileSync(join(folder, file), 'utf8'))) {
      clock.advance(1000)
      await play(step, api.url, names)
    }
  })
}

async function play({ title, method, path, headers, body, expected }: Step, url: string, names: Names): Promise<void> {
  const response = await fetch(url + insertNames(path, names), {
    method,
    headers: Object.entries(headers).map(([key, value]): [string, string] => [key, insertNames(value, names)]),
    ...(body === undefined ? {} : { body: insertNames(body, names) }),
  })
  const text = await response.text()
  assert.equal(response.status, expected.status, `${title}: ${text}`)
  const requestId = path.startsWith('/2023-03-30') ? /^1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}$/ : /^[0-9a-f-]{36}$/
  assert.match(response.headers.get('x-fc-request-id') ?? '', requestId, title)
  for (const [key, value] of Object.entries(expected.headers)) {
    assert.equal(difference(value, response.headers.get(key), names, key), undefined, title)
  }
  if (expected.body === undefined) {
    assert.equal(text, '', title)
    assert.equal(response.headers.get('content-type'), null, `${title}: an empty body has no content type`)
    return
  }
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8', title)
  const answer: unknown = JSON.parse(text)
  assert.equal(difference(expected.body, answer, names), undefined, `${title}: ${text}`)
  if (response.status >= 400) {
    assert.equal((answer as { RequestId: string }).RequestId, response.headers.get('x-fc-request-id'), title)
  }
}
