/** Plays the golden files beside it against the object service, each over an empty store. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { signV1Header } from '../../../src/objects/wire/auth/test-support.ts'
import { readTarget } from '../../../src/objects/wire/target.ts'
import { exchange, type Answer } from '../../support/platform.ts'
import { startObjects } from '../../support/objects.ts'
import { difference, parseGolden, type Names, type Step } from '../golden-file.ts'

/** Of every answer, and of no operation. */
const COMMON = new Set(['date', 'server', 'connection', 'keep-alive', 'x-oss-server-time', 'x-oss-request-id'])
/** A step with this header goes unsigned. */
const UNSIGNED = 'unsigned'

for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.http'))) {
  test(`golden ${file}`, async (context) => {
    const objects = await startObjects()
    context.after(() => objects.close())
    const names: Names = new Map()
    for (const step of parseGolden(readFileSync(join(import.meta.dirname, file), 'utf8'))) {
      compare(step, await send(step, objects.port), names)
    }
    assert.deepEqual(objects.defects, [])
  })
}

function send({ method, path, headers, body = '' }: Step, port: number): Promise<Answer> {
  const { rawPath, query } = readTarget(path)
  const [bucket = '', ...key] = rawPath.slice(1).split('/')
  const request = {
    method,
    ...{ bucket, key: decodeURIComponent(key.join('/')), query: Object.fromEntries(query) },
    headers,
  }
  const { [UNSIGNED]: unsigned, ...own } = headers
  const signed = unsigned === undefined ? signV1Header(request).headers : own
  return exchange({ host: '127.0.0.1', port, method, path, headers: { ...signed, host: 'oss.test' } }, body)
}

function compare({ title, expected }: Step, answer: Answer, names: Names): void {
  assert.equal(answer.status, expected.status, `${title}: ${answer.text}`)
  assert.match(String(answer.headers['x-oss-request-id']), /^[0-9A-F]{24}$/, title)
  assert.equal(answer.headers['server'], 'AliyunOSS', title)
  const isXml = answer.headers['content-type'] === 'application/xml'
  const compared = (name: string) => !COMMON.has(name) && !(isXml && name === 'content-length')
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => compared(name)))
  assert.equal(difference(expected.headers, headers, names, 'headers'), undefined, title)
  assert.equal(difference(expected.body ?? '', answer.text, names, 'body'), undefined, title)
}
