/** The disk of the data folder gets full under a whole platform, and has room again. */
import assert from 'node:assert/strict'
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { mountSmallDisk, noSmallDisk } from '../../src/blobs/small-disk-for-tests.ts'
import { startInbox, type Inbox } from '../support/inbox.ts'
import { failureOf, ossClient, type OssClient } from '../support/oss.ts'
import { freePort, TestPlatform, type Answer } from '../support/platform.ts'
import { KNOCKING, startGate, type Gate } from './gate.ts'

const MIB = 1024 * 1024
/** What new messages of the queue leave free, and as much again. */
const DISK_BYTES = 256 * MIB

const skip = noSmallDisk ?? false
let platform: TestPlatform
let disk: ReturnType<typeof mountSmallDisk>
let gate: Gate
let inbox: Inbox
let oss: OssClient

before(async () => {
  if (skip !== false) return
  disk = mountSmallDisk(DISK_BYTES)
  gate = await startGate()
  inbox = await startInbox()
  platform = new TestPlatform(await freePort(), join(disk.folder, 'data'), {
    // Functions knock at the host's loopback.
    SLUICE_SANDBOX: 'process',
    SLUICE_STEMS: '0',
  })
  await platform.start()
  const environmentVariables = { GATE: gate.url }
  await platform.deploy('knocking', { 'index.js': KNOCKING }, { environmentVariables })
  await platform.deploy('echo', { 'index.js': 'exports.handler = async (event) => event' })
  for (const name of ['knocking', 'echo']) {
    const destinationConfig = { onSuccess: { destination: `${inbox.url}/done` } }
    await platform.call('PUT', `/2023-03-30/functions/${name}/async-invoke-config`, { destinationConfig })
  }
  oss = ossClient(platform, { bucket: 'kept' })
  await oss.call('putBucket', 'kept')
})
after(async () => {
  if (skip !== false) return
  await platform.stop()
  gate.close()
  inbox.close()
  disk.unmount()
})

const invokeAsync = (name: string, payload: string, headers: Record<string, string> = {}) =>
  platform.invoke(name, payload, { 'x-fc-invocation-type': 'Async', ...headers })

/** Free space is looked at once a second. */
async function readyzUntil(status: number): Promise<Answer> {
  for (;;) {
    const answer = await platform.send('GET', '/readyz')
    if (answer.status === status) return answer
  }
}

/** Until so many bytes are free. */
function fill(freeBytes: number): void {
  const { bavail, bsize } = statfsSync(disk.folder)
  const chunk = Buffer.alloc(MIB)
  const file = openSync(join(disk.folder, 'filler'), 'a')
  try {
    for (let left = bavail * bsize - freeBytes; left > 0;) left -= writeSync(file, chunk, 0, Math.min(left, MIB))
  } catch (error) {
    // The platform writes, too: it may have taken what was the last of it.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
}

test(
  'a full disk: what is new is refused, what was accepted is kept and run, and all goes on when there is room',
  { skip, timeout: 60_000 },
  async () => {
    const accepted = new Set(['runs', 'waits'])
    assert.equal((await invokeAsync('knocking', 'runs')).status, 202)
    await gate.waiting(1)
    assert.equal((await invokeAsync('echo', 'waits', { 'x-fc-async-delay': '1' })).status, 202)
    assert.equal((await platform.invoke('echo', 'unpacks its code')).status, 200)
    await oss.call('put', 'before', Buffer.from('content'))

    // Room for what was accepted, none for more of it.
    fill(64 * MIB)
    const notReady = await readyzUntil(503)
    assert.match(notReady.text, /^not ready: the disk has no room for more asynchronous invocations/)
    const low = await invokeAsync('echo', 'refused')
    assert.deepEqual([low.status, low.json()['ErrorCode']], [503, 'ServiceUnavailable'])
    assert.match(low.text, /the disk has no room/)
    await oss.call('put', 'small', Buffer.from('content'))

    fill(0)
    const failure = await failureOf(oss.call('put', 'large', Buffer.alloc(MIB)))
    assert.deepEqual([failure.status, failure.code], [503, 'ServiceUnavailable'])
    assert.match(failure.message, /no space is left/)
    assert.equal((await invokeAsync('echo', 'refused')).status, 503)
    assert.equal((await platform.invoke('echo', 'answered')).text, 'answered')
    assert.equal(String((await oss.call<{ content: Buffer }>('get', 'before')).content), 'content')
    gate.open()

    rmSync(join(disk.folder, 'filler'))
    while (accepted.size > 0) {
      const { requestPayload } = await inbox.next('/done')
      assert.ok(accepted.delete(requestPayload), `${requestPayload} was not accepted, or came twice`)
    }
    await readyzUntil(200)
    assert.equal((await invokeAsync('echo', 'after')).status, 202)
    assert.equal((await inbox.next('/done')).requestPayload, 'after')
    assert.equal((await failureOf(oss.call('head', 'large'))).status, 404)
    await oss.call('put', 'large', Buffer.alloc(MIB))
  },
)
