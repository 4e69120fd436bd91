import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { systemRandom } from '../../../clock.ts'
import { SimulatedClock } from '../../../simulated-clock.ts'
import { accessLogKey, accessLogLine } from './access-log-line.ts'
import { AccessLogs } from './access-log.ts'
import type { Bucket, ObjectStore } from '../../port.ts'
import type { Exchange, Operation } from '../exchange.ts'

const NOW_MS = Date.UTC(2030, 0, 3, 14, 59, 49)
const asked = {
  ...{ method: 'GET', url: '/example.jpg?x-user=admin', bucketName: 'example', key: 'example.jpg', caller: null },
  ...{ sourceIp: '192.0.2.1', receivedMs: NOW_MS, requestId: '5FF16B65', body: { length: 0 } },
  headers: { host: 'example.localhost', 'user-agent': 'curl/8 "x"\n' },
} as unknown as Exchange
const outcome = { status: 200, bytes: 999, ms: 12.4 }
const operation = { name: 'GetObject' } as Operation

test('a line has the documented fields, and nothing that a client sends ends it', () => {
  assert.equal(
    accessLogLine(asked, 'GetObject', outcome, '1'),
    '192.0.2.1 - - [03/Jan/2030:14:59:49 +0000] "GET /example.jpg?x-user=admin HTTP/1.1" 200 999 12 "-" "curl/8 %22x%22%0A" ' +
      '"example.localhost" "5FF16B65" "true" "-" "GetObject" "example" "example.jpg" - 12 "-" 0 "1" - "-"\n',
  )
  assert.equal(accessLogKey('MyLog-', 'example', NOW_MS, 'AB'), 'MyLog-example2030-01-03-14-59-49-AB')
})

test('a line does not make its reader a holder of the signed URL, however that is written', () => {
  const signed = '/a?Expires=9&Signature=c2VjcmV0&x-oss-security-%74oken=c2VjcmV0&x-oss-signature=c2VjcmV0'
  const headers = { ...asked.headers, referer: `http://example.localhost${signed}&security-token=c2VjcmV0` }
  const line = accessLogLine({ ...asked, url: signed, headers }, 'GetObject', outcome, '1')
  assert.ok(line.includes('"GET /a?Expires=9&Signature=-&x-oss-security-%74oken=-&x-oss-signature=- HTTP/1.1"'), line)
  assert.ok(!line.includes('c2VjcmV0'), line)
})

function openLogs(settings: Bucket['settings']) {
  const clock = new SimulatedClock(NOW_MS)
  const written: { bucket: string; key: string; content: string }[] = []
  const bucket: Bucket = {
    name: 'example',
    createdMs: 0,
    acl: 'private',
    storageClass: 'IA',
    versioning: null,
    settings,
  }
  const store: Pick<ObjectStore, 'bucket' | 'put'> = {
    bucket: (name) => (name === 'example' ? bucket : undefined),
    async put(name, key, source) {
      written.push({ bucket: name, key, content: await text(source) })
      return { versionId: 'null', etag: '', crc64: '0', size: 0 }
    },
  }
  const logs = new AccessLogs('1', { store, clock, random: systemRandom, onProblem: assert.fail })
  const note = () => logs.feature.answered!(asked, operation, outcome)
  return { clock, logs, note, written }
}

test('lines are kept hour by hour, and what is left when the platform ends', async () => {
  const { clock, logs, note, written } = openLogs({ logging: { bucket: 'logs', prefix: 'a/' } })
  note()
  note()
  clock.advance(60 * 60 * 1000)
  note()
  await logs.close()
  assert.deepEqual(
    written.map(({ bucket, content }) => [bucket, content.split('\n').length - 1]),
    [
      ['logs', 2],
      ['logs', 1],
    ],
  )
  assert.match(written[0]!.key, /^a\/example2030-01-03-15-59-49-[0-9A-F]{24}$/)
})

test('of a bucket that wants no log, nothing is kept', async () => {
  const { logs, note, written } = openLogs({})
  note()
  await logs.close()
  assert.deepEqual(written, [])
})
