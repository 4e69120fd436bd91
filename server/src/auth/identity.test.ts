import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemRandom } from '../clock.ts'
import { CREDENTIALS_FILE, loadOrCreateIdentity } from './identity.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-identity-'))
after(() => rmSync(root, { recursive: true }))

let folders = 0
const newFolder = () => join(root, `data-${folders++}`)
const load = (folder: string, overrides = {}) => loadOrCreateIdentity(folder, overrides, systemRandom)
const modeOf = (path: string) => statSync(path).mode & 0o777

test('the first start makes a key pair that only its owner can read, later starts find it', async () => {
  const folder = newFolder()
  const identity = await load(folder)
  assert.match(identity.accountId, /^[1-9][0-9]{15}$/)
  assert.ok(identity.accessKeyId.length >= 16)
  assert.ok(identity.accessKeySecret.length >= 30)
  assert.equal(identity.tokenKey.length, 32)
  assert.equal(modeOf(folder), 0o700)
  assert.equal(modeOf(join(folder, CREDENTIALS_FILE)), 0o600)
  assert.deepEqual(readdirSync(folder), [CREDENTIALS_FILE])
  assert.deepEqual(await load(folder), identity)
})

test('two installations have nothing in common', async () => {
  const [one, other] = [await load(newFolder()), await load(newFolder())]
  for (const part of ['accountId', 'accessKeyId', 'accessKeySecret'] as const) assert.notEqual(one[part], other[part])
  assert.notDeepEqual(one.tokenKey, other.tokenKey)
})

test('starts at the same time agree on one identity and leave no other file', async () => {
  const folder = newFolder()
  const identities = await Promise.all(Array.from({ length: 16 }, () => load(folder)))
  for (const identity of identities) assert.deepEqual(identity, identities[0])
  assert.deepEqual(readdirSync(folder), [CREDENTIALS_FILE])
})

test('overrides win and are not written', async () => {
  const folder = newFolder()
  const stored = await load(folder)
  const before = readFileSync(join(folder, CREDENTIALS_FILE), 'utf8')
  const overrides = { accountId: '9'.repeat(16), accessKeyId: 'mine', accessKeySecret: 'secret' }
  assert.deepEqual(await load(folder, overrides), { ...overrides, tokenKey: stored.tokenKey })
  assert.equal(readFileSync(join(folder, CREDENTIALS_FILE), 'utf8'), before)

  const fresh = newFolder()
  await load(fresh, overrides)
  assert.ok(!readFileSync(join(fresh, CREDENTIALS_FILE), 'utf8').includes('mine'))
})

test('overrides that cannot work are refused by name', async () => {
  const folder = newFolder()
  await assert.rejects(load(folder, { accessKeyId: 'mine' }), /accessKeyId and accessKeySecret belong together/)
  await assert.rejects(load(folder, { accountId: '123' }), /accountId must have 16 digits/)
  await assert.rejects(load(folder, { accessKeyId: 'STS.x', accessKeySecret: 'x' }), /not start with 'STS.'/)
  await assert.rejects(load(folder, { accessKeyId: 'a:b', accessKeySecret: 'x' }), /letters, digits/)
  await assert.rejects(load(folder, { accessKeyId: 'a', accessKeySecret: '' }), /accessKeySecret must not be empty/)
})

test('a file that others may read is refused, with the command that closes it', async () => {
  const folder = newFolder()
  const { accessKeySecret } = await load(folder)
  const path = join(folder, CREDENTIALS_FILE)
  chmodSync(path, 0o640)
  await assert.rejects(load(folder), (error: Error) => {
    assert.ok(error.message.includes(`chmod 600 '${path}'`) && error.message.includes('0640'))
    return !error.message.includes(accessKeySecret)
  })
  chmodSync(path, 0o600)
  await load(folder)
})

test('a damaged file is refused and left as it is', async () => {
  const folder = newFolder()
  await load(folder)
  const path = join(folder, CREDENTIALS_FILE)
  for (const text of [
    '',
    '{',
    'null',
    '{"accountId":"1"}',
    '{"accountId":1,"accessKeyId":"a","accessKeySecret":"b"}',
  ]) {
    writeFileSync(path, text)
    await assert.rejects(load(folder), /credentials\.json is damaged/)
    assert.equal(readFileSync(path, 'utf8'), text)
  }
})
