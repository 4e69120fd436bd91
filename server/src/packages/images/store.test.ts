import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Clock } from '../../clock.ts'
import { systemClock } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import type { ImageStore, RegistryAccess } from '../port.ts'
import { hostArchitecture, makeTar, writeLayout, type ImageFixture, type TarEntry } from './image-fixtures.ts'
import { missingImagePrograms } from './programs.ts'
import { createImageStore, SWEEP_GRACE_MS, type ImageStoreOptions } from './store.ts'

const missing = missingImagePrograms(process.env['PATH'] ?? '')
const skip = missing ?? (process.getuid?.() === 0 ? false : 'images are unpacked by root')

const scratch = mkdtempSync(join(tmpdir(), 'sluice-images-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
const imagesFolder = join(scratch, 'images')
const anonymous: RegistryAccess = { userName: '', password: '', isInsecure: false, rootCaCertificate: '' }
let stores = 0

async function openStore(options: Partial<ImageStoreOptions> = {}, clock: Clock = systemClock): Promise<ImageStore> {
  const directory = options.directory ?? join(scratch, `store-${++stores}`)
  const { PATH } = process.env
  return createImageStore({ directory, imagesFolder, cacheBytesMax: 1e9, environment: { PATH }, ...options }, { clock })
}

const hello: TarEntry = { name: 'hello', content: 'hello', mode: 0o755, owner: 7 }

function imageNamed(name: string, image: Partial<ImageFixture> = {}): string {
  mkdirSync(imagesFolder, { recursive: true })
  writeLayout(join(imagesFolder, name), 'latest', { layers: [makeTar([hello])], config: { Cmd: ['/hello'] }, ...image })
  return `oci:${name}:latest`
}

async function reasonFor(reference: string, store: ImageStore, access = anonymous): Promise<string> {
  try {
    await store.put(reference, access)
  } catch (error) {
    assert.ok(error instanceof FcError, String(error))
    assert.equal(error.code, 'InvalidArgument')
    return error.message
  }
  return assert.fail(`${reference} was accepted`)
}

test('an image of a layout is copied, unpacked and described', { skip }, async () => {
  const directory = join(scratch, 'whole')
  const store = await openStore({ directory })
  const upper = makeTar([
    { name: 'etc/', type: '5' },
    { name: 'etc/passwd', content: 'app:x:7:8::/:/\n' },
    { name: 'gone/.wh..wh..opq' },
  ])
  const reference = imageNamed('whole', {
    layers: [makeTar([hello, { name: 'gone/', type: '5' }, { name: 'gone/old', content: 'old' }]), upper],
    config: { Entrypoint: ['/hello'], Cmd: ['a'], Env: ['A=1=2', 'B='], WorkingDir: '/work', User: 'app' },
  })
  const ref = await store.put(reference, anonymous)
  assert.match(ref.resolvedUri, /^oci:whole:latest@sha256:[0-9a-f]{64}$/)
  rmSync(join(imagesFolder, 'whole'), { recursive: true })
  const { rootFolder, config } = await store.open(ref.sha256)
  assert.deepEqual(config, {
    ...{ entrypoint: ['/hello'], command: ['a'], environment: { A: '1=2', B: '' }, workingFolder: '/work' },
    user: { uid: 7, gid: 8, groups: [] },
  })
  const { uid, mode } = statSync(join(rootFolder, 'hello'))
  assert.deepEqual([uid, mode & 0o777], [7, 0o755])
  assert.deepEqual(readdirSync(join(rootFolder, 'gone')), [], 'a later layer takes files of an earlier one away')
  assert.equal(statSync(directory).mode & 0o077, 0, 'set-user files of images are out of reach for users of the host')
  assert.deepEqual(readdirSync(join(directory, 'incoming')), [])
})

test('an archive that docker saves is an image as well', { skip }, async () => {
  imageNamed('archived')
  const run = (...args: string[]) =>
    execFileSync('skopeo', ['--insecure-policy', ...args], { cwd: imagesFolder, stdio: 'pipe' })
  run('copy', 'oci:archived:latest', 'docker-archive:archived.tar:app:v1')
  const store = await openStore()
  const ref = await store.put('docker-archive:archived.tar', anonymous)
  const { rootFolder } = await store.open(ref.sha256)
  assert.equal(readFileSync(join(rootFolder, 'hello'), 'utf8'), 'hello')
  assert.match(await reasonFor('docker-archive:archived.tar:other:v1', store), /other/)
  assert.match(await reasonFor('docker-archive:archived', store), /names a file/)
})

test('what cannot run here, or is no image, is refused with the reason, and nothing is kept', { skip }, async () => {
  const directory = join(scratch, 'refused')
  const limits = { imageBytesMax: 100_000, layersMax: 2, unpackedBytesMax: 50_000 }
  const store = await openStore({ directory, limits })
  mkdirSync(join(imagesFolder, 'empty'), { recursive: true })
  const cases: [RegExp, string][] = [
    [/made for linux\/s390x; this machine runs linux\//, imageNamed('foreign', { architecture: 's390x' })],
    [/made for windows\//, imageNamed('windows', { os: 'windows' })],
    [/type application\/x; accepted are/, imageNamed('odd', { layerMediaType: 'application/x' })],
    [/3 layers; at most 2/, imageNamed('tall', { layers: ['a', 'b', 'c'].map((name) => makeTar([{ name }])) })],
    [
      /more than 0 GB/,
      imageNamed('large', { layers: [makeTar([{ name: 'a', content: Buffer.alloc(200_000, 'x') }])], compress: false }),
    ],
    [/unpacks to more than/, imageNamed('bomb', { layers: [makeTar([{ name: 'a', content: Buffer.alloc(60_000) }])] })],
    [/NUL/, imageNamed('nul', { config: { Cmd: ['/hello', 'a\0b'] } })],
    [
      /variables and arguments have/,
      imageNamed('wordy', { config: { Cmd: ['/hello'], Env: [`A=${'x'.repeat(70_000)}`] } }),
    ],
    [/is a device/, imageNamed('device', { layers: [makeTar([{ name: 'sda', type: '4' }])] })],
    [/its user "nobody"/, imageNamed('nobody', { config: { Cmd: ['/hello'], User: 'nobody' } })],
    [/"nothing" in the folder of images/, 'oci:nothing:latest'],
    [/index|layout|no such file/i, 'oci:empty:latest'],
    [/other/, imageNamed('tagged').replace('latest', 'other')],
  ]
  for (const [reason, reference] of cases) {
    const said = await reasonFor(reference, store)
    assert.match(said, reason)
    assert.ok(!said.includes(scratch), `no path of the host: ${said}`)
  }
  assert.deepEqual(readdirSync(join(directory, 'incoming')), [])
  const [boot] = readdirSync(join(directory, 'unpacked'))
  assert.deepEqual(
    readdirSync(join(directory, 'unpacked', boot!)).filter((name) => name.startsWith('scratch')),
    [],
  )
})

test('a layer cannot write outside of its image by links', { skip }, async () => {
  const outside = join(scratch, 'outside')
  mkdirSync(outside)
  const store = await openStore()
  const links = makeTar([
    { name: 'way', type: '2', linkName: outside },
    { name: 'way/by-link', content: 'x' },
    { name: 'up', type: '2', linkName: '../../../../../../..' },
    { name: `up${outside}/by-parents`, content: 'x' },
    { name: `${outside}/by-path`, content: 'x' },
  ])
  const later = makeTar([{ name: 'way/in-a-later-layer', content: 'x' }])
  const ref = await store.put(imageNamed('links', { layers: [makeTar([hello]), links, later] }), anonymous)
  await store.open(ref.sha256)
  assert.deepEqual(readdirSync(outside), [])
  const secret = join(scratch, 'secret')
  const hard = makeTar([{ name: 'secret', type: '1', linkName: secret }])
  await reasonFor(imageNamed('hard', { layers: [makeTar([hello]), hard] }), store)
})

test('an image that is unpacked once serves all who ask, and goes when nothing refers to it', { skip }, async () => {
  let nowMs = systemClock.nowMs()
  const clock: Clock = { ...systemClock, nowMs: () => nowMs }
  const directory = join(scratch, 'swept')
  const store = await openStore({ directory }, clock)
  const { sha256 } = await store.put(imageNamed('swept'), anonymous)
  const opened = await Promise.all([store.open(sha256), store.open(sha256)])
  assert.equal(opened[0].rootFolder, opened[1].rootFolder)
  const { rootFolder } = opened[0]
  const layout = join(directory, 'layouts', sha256)

  await store.sweep(new Set(), new Set())
  assert.ok(existsSync(layout) && existsSync(rootFolder), 'a grace period passes first')
  nowMs += SWEEP_GRACE_MS + 1000
  await store.sweep(new Set([sha256]), new Set([sha256]))
  assert.ok(existsSync(layout) && existsSync(rootFolder), 'what is in use stays')
  await store.sweep(new Set(), new Set())
  assert.deepEqual([existsSync(layout), existsSync(rootFolder)], [false, false])
  await assert.rejects(store.open(sha256))
})

test('another platform finds what this one unpacked', { skip }, async () => {
  const directory = join(scratch, 'again')
  const { sha256 } = await (await openStore({ directory })).put(imageNamed('again'), anonymous)
  const first = await (await openStore({ directory })).open(sha256)
  assert.equal(readFileSync(join(first.rootFolder, 'hello'), 'utf8'), 'hello')
})

// ---- registries ----

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json'
const LOGIN = `Basic ${Buffer.from('me:secret').toString('base64')}`

interface Manifest {
  digest: string
  size: number
  mediaType: string
}

const manifestOf = (layout: string): Manifest =>
  (JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: [Manifest] }).manifests[0]

/** An index that offers the manifest for these machines, and another one for s390x. */
function indexOf({ digest, size, mediaType }: Manifest, architectures: readonly string[]): Buffer {
  const other = {
    mediaType,
    size,
    digest: `sha256:${'0'.repeat(64)}`,
    platform: { os: 'linux', architecture: 's390x' },
  }
  const offered = architectures.map((architecture) => ({
    mediaType,
    size,
    digest,
    platform: { os: 'linux', architecture },
  }))
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [other, ...offered] }))
}

/** Serves the image of a layout as team/app, tags v1 and (in an index) many and foreign, to who logs in; notes what was asked for. */
async function registryOf(layout: string, asked: string[]): Promise<Server> {
  const manifest = manifestOf(layout)
  const blob = (digest: string) => join(layout, 'blobs', 'sha256', digest.replace('sha256:', ''))
  const many = indexOf(manifest, [hostArchitecture])
  const documents = new Map([
    ['v1', readFileSync(blob(manifest.digest))],
    ['many', many],
    ['foreign', indexOf(manifest, [])],
    [`sha256:${createHash('sha256').update(many).digest('hex')}`, many],
    [manifest.digest, readFileSync(blob(manifest.digest))],
  ])
  const server = createServer(({ url = '', headers }, response) => {
    if (headers.authorization !== LOGIN) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end()
      return
    }
    asked.push(url)
    const [, kind, name = ''] = /^\/v2\/team\/app\/(manifests|blobs)\/(.+)$/.exec(url) ?? []
    const document = documents.get(name)
    if (url === '/v2/') response.end('{}')
    else if (kind === 'manifests' && document !== undefined) {
      const { mediaType } = JSON.parse(document.toString()) as { mediaType: string }
      response.setHeader('content-type', mediaType)
      response.end(document)
    } else if (kind === 'blobs' && existsSync(blob(name))) response.end(readFileSync(blob(name)))
    else response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

test(
  'an image of a registry is fetched with the login that is given, and pinned to its digest',
  { skip },
  async (t) => {
    imageNamed('served')
    const layout = join(imagesFolder, 'served')
    const asked: string[] = []
    const server = await registryOf(layout, asked)
    t.after(() => server.close())
    const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const directory = join(scratch, 'registry')
    const store = await openStore({ directory })
    const access = { ...anonymous, isInsecure: true }
    const login = { ...access, userName: 'me', password: 'secret' }

    const ref = await store.put(`${registry}/team/app:v1`, login)
    const manifest = manifestOf(layout)
    assert.equal(ref.resolvedUri, `${registry}/team/app@${manifest.digest}`)
    assert.ok(asked.includes(`/v2/team/app/manifests/${manifest.digest}`), 'the copy is of the digest that was seen')
    assert.equal((await store.put(`docker://${registry}/team/app@${manifest.digest}`, login)).sha256, ref.sha256)

    const many = await store.put(`${registry}/team/app:many`, login)
    assert.equal(many.sha256, ref.sha256, 'of several the one for this machine is taken')
    assert.notEqual(many.resolvedUri, ref.resolvedUri, 'and all of them are pinned')
    const foreign = await reasonFor(`${registry}/team/app:foreign`, store, login)
    assert.match(foreign, /made for linux\/s390x; this machine runs linux\//)

    assert.match(await reasonFor(`${registry}/team/app:v1`, store, access), /unauthorized|authentication/i)
    const wrong = await reasonFor(`${registry}/team/app:v1`, store, { ...login, password: 'other-secret' })
    assert.ok(!wrong.includes('other-secret'))
    assert.match(await reasonFor(`${registry}/team/app:v2`, store, login), /unknown/)
    const certificate = { ...login, rootCaCertificate: 'bm8gY2VydGlmaWNhdGU=' }
    assert.match(await reasonFor(`${registry}/team/app:v1`, store, certificate), /PEM/)
    assert.deepEqual(readdirSync(join(directory, 'incoming')), [], 'no login is left behind')
  },
)
