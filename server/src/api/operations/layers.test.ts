/** What must hold of layers however requests interleave, and what no conversation can show. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { keyOf } from '../../model.ts'
import { link, makeZip } from '../../packages/zip-fixtures.ts'
import type { ZipEntry } from '../../packages/zip-fixtures.ts'
import { ACCOUNT_ID, handClock, REGION, startApi, zipSaying } from '../test-support.ts'

const arnOf = (name: string, version = 1) => `acs:fc:${REGION}:${ACCOUNT_ID}:layers/${name}/versions/${version}`
const GB = 1024 * 1024 * 1024

async function start(context: TestContext) {
  const api = await startApi(handClock())
  context.after(() => api.close())
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${api.url}/2023-03-30${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    const answer = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
    return { status: response.status, code: answer['Code'], message: String(answer['Message']), answer }
  }
  const publish = (name: string, zipFile = zipSaying(name)) =>
    call('POST', `/layers/${name}/versions`, { code: { zipFile } })
  const create = (fields: object) =>
    call('POST', '/functions', {
      functionName: 'f',
      runtime: 'nodejs20',
      handler: 'index.handler',
      code: { zipFile: zipSaying('f') },
      ...fields,
    })
  return { call, publish, create, metadata: api.metadata }
}

const zipOf = (...entries: ZipEntry[]) => makeZip(entries).toString('base64')

test('versions that are published at once get numbers of their own, without a gap', async (context) => {
  const { publish } = await start(context)
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => publish('shared', zipSaying(`${i}`))))
  const numbers = answers.map(({ answer }) => Number(answer['version'])).toSorted((a, b) => a - b)
  assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('a package that is refused makes no layer', async (context) => {
  const { call, publish } = await start(context)
  const { code, message } = await publish('escaping', zipOf({ name: 'a' }, link('b', '../..')))
  assert.equal(code, 'InvalidArgument')
  assert.match(message, /the link to "\.\.\/\.\." leaves the package/)
  assert.deepEqual((await call('GET', '/layers')).answer, { layers: [] })
})

test('layers that cannot be shown together are refused before the function exists', async (context) => {
  const { call, publish, create } = await start(context)
  await publish('first', zipOf({ name: 'y' }, link('x', 'a/b/../../y')))
  await publish('second', zipOf({ name: 'z' }, link('a', '.'), link('b', '.')))
  const { code, message } = await create({ layers: [arnOf('first'), arnOf('second')] })
  assert.equal(code, 'InvalidArgument')
  assert.match(message, /^the layers cannot be used together: entry "x": .* leaves the package$/)
  assert.equal((await call('GET', '/functions/f')).status, 404)
  for (const layer of ['first', 'second']) {
    assert.equal((await create({ functionName: layer, layers: [arnOf(layer)] })).status, 200, layer)
  }
})

test('the sizes of all layers of a function are added up', async (context) => {
  const { publish, create, metadata } = await start(context)
  for (const name of ['a', 'b']) {
    await publish(name)
    const key = keyOf.layerVersion(name, 1)
    const { value, revision } = (await metadata.read('layerVersion', key))!
    const large = { ...value, unpackedBytes: GB / 2 + 1 }
    await metadata.commit([{ kind: 'layerVersion', key, ifRevision: revision, value: large }])
  }
  assert.equal((await create({ functionName: 'one', layers: [arnOf('a')] })).status, 200)
  const both = await create({ functionName: 'two', layers: [arnOf('a'), arnOf('b')] })
  assert.equal(both.code, 'InvalidArgument')
  assert.equal(both.message, `layers must be at most ${GB} bytes in all, unpacked, not ${GB + 2}`)
})

test('the image of a container has no place for layers', async (context) => {
  const { publish, create } = await start(context)
  await publish('a')
  const { code, message } = await create({ runtime: 'custom-container', code: undefined, layers: [arnOf('a')] })
  assert.equal(code, 'InvalidArgument')
  assert.match(message, /^layers must be empty for the runtime custom-container/)
})

test('a published version keeps the layers that the function had', async (context) => {
  const { call, publish, create } = await start(context)
  await publish('a')
  await create({ layers: [arnOf('a')] })
  await call('POST', '/functions/f/versions', {})
  await call('PUT', '/functions/f', { layers: [] })
  await call('DELETE', '/layers/a/versions/1')
  const { answer } = await call('GET', '/functions/f?qualifier=1')
  assert.deepEqual(
    (answer['layers'] as { arn: string }[]).map(({ arn }) => arn),
    [arnOf('a')],
  )
})
