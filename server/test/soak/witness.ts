/** What functions leave behind when they have done their work, beyond the reach of the kill. */
import { createHmac } from 'node:crypto'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tracesOf } from '../../src/sandbox/leftovers-for-tests.ts'
import { exchange, type Answer, type TestPlatform } from '../support/platform.ts'

export interface Witness {
  /** Settings of the platform that it needs. */
  environment: Record<string, string>
  /** Variables of the function. */
  variables: Record<string, string>
  /** A handler that works for as many ms as its event says, then leaves its request id. */
  handler: string
  prepare(platform: TestPlatform): Promise<void>
  /** How often each request was executed. */
  read(platform: TestPlatform): Promise<Map<string, number>>
  /** Those of instances that live, in words that tell each from all others. */
  processes(platform: TestPlatform): string[]
  remove(): void
}

/** In the `process` sandbox a function appends to a file of the host, in one write. */
export function fileWitness(): Witness {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-soak-'))
  const file = join(folder, 'executed')
  appendFileSync(file, '')
  return {
    environment: { SLUICE_SANDBOX: 'process' },
    variables: { WITNESS: file },
    handler: handlerThat(`require('node:fs').appendFileSync(process.env.WITNESS, context.requestId + '\\n')`),
    async prepare() {},
    read: async () => counted(readFileSync(file, 'utf8').split('\n').slice(0, -1)),
    processes: processesNaming,
    remove: () => rmSync(folder, { recursive: true }),
  }
}

const BUCKET = 'executed'

/** From a container it puts an object for each execution, into a bucket that anybody may write. */
export function objectWitness(): Witness {
  return {
    environment: { SLUICE_SANDBOX: 'oci' },
    variables: {},
    handler: handlerThat(`
      const url = process.env.SLUICE_OBJECTS_ENDPOINT + '/${BUCKET}/' + context.requestId + '/' + crypto.randomUUID()
      const { status } = await fetch(url, { method: 'PUT', body: '' })
      if (status !== 200) throw new Error('the object service answered ' + status)`),
    async prepare(platform) {
      const bucket = await createPublicBucket(platform)
      if (bucket.status !== 200) throw new Error(`the bucket was not made: ${bucket.status} ${bucket.text}`)
    },
    async read(platform) {
      const requestIds: string[] = []
      for (let marker = ''; ;) {
        const query = `max-keys=1000&marker=${encodeURIComponent(marker)}`
        const { text } = await objects(platform, 'GET', `/${BUCKET}?${query}`)
        const keys = [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map((match) => match[1]!)
        requestIds.push(...keys.map((key) => key.split('/')[0]!))
        if (!text.includes('<IsTruncated>true<')) return counted(requestIds)
        marker = keys.at(-1)!
      }
    },
    processes: ({ dataDir }) =>
      tracesOf(join(dataDir, 'instances'))
        .all()
        .filter((trace) => trace.startsWith('process ')),
    remove() {},
  }
}

const handlerThat = (leaves: string) => `
  exports.handler = async (event, context) => {
    await new Promise((resolve) => setTimeout(resolve, Number(event.toString())))
    ${leaves}
  }`

function counted(requestIds: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const requestId of requestIds) counts.set(requestId, (counts.get(requestId) ?? 0) + 1)
  return counts
}

function objects({ port }: TestPlatform, method: string, path: string, headers = {}): Promise<Answer> {
  return exchange({ host: '127.0.0.1', port: port + 1, method, path, headers })
}

function createPublicBucket(platform: TestPlatform): Promise<Answer> {
  const { accessKeyId, accessKeySecret } = platform.credentials
  const date = new Date().toUTCString()
  const acl = 'public-read-write'
  const toSign = `PUT\n\n\n${date}\nx-oss-acl:${acl}\n/${BUCKET}/`
  const authorization = `OSS ${accessKeyId}:${createHmac('sha1', accessKeySecret).update(toSign).digest('base64')}`
  return objects(platform, 'PUT', `/${BUCKET}/`, { date, authorization, 'x-oss-acl': acl })
}

/** They carry the folder of the platform in their environment; one that has ended and that nobody asked for (a zombie) has none. */
function processesNaming({ dataDir }: TestPlatform): string[] {
  const marker = join(dataDir, 'instances')
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(marker)
    } catch {
      return false
    }
  })
}
