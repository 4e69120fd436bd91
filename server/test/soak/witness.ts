/** What functions leave behind when they have done their work, beyond the reach of the kill. */
import { createHmac } from 'node:crypto'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tracesOf } from '../../src/sandbox/leftovers-for-tests.ts'
import { exchange, type Answer, type DeployOptions, type TestPlatform } from '../support/platform.ts'

export interface Witness {
  /** Settings of the platform that it needs. */
  environment: Record<string, string>
  /** Of functions that leave marks. */
  functionFields: DeployOptions
  /** A statement of an asynchronous handler that leaves a mark, as the expression tells: a kind, a slash and the rest. */
  leave(expression: string): string
  prepare(platform: TestPlatform): Promise<void>
  /** How often each mark of a kind was left; `kind` ends with a slash and is taken off. */
  read(platform: TestPlatform, kind: string): Promise<Map<string, number>>
  /** Those of instances that live, in words that tell each from all others. */
  processes(platform: TestPlatform): string[]
  remove(): void
}

/** A timeout that a backlog on a busy machine does not reach: an attempt that failed so would not be the platform's loss. */
const FUNCTION_FIELDS = { memorySize: 128, timeout: 60, instanceConcurrency: 10 }

/** In the `process` sandbox a function appends to a file of the host, in one write. */
export function fileWitness(): Witness {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-soak-'))
  const file = join(folder, 'executed')
  appendFileSync(file, '')
  return {
    environment: { SLUICE_SANDBOX: 'process' },
    functionFields: { ...FUNCTION_FIELDS, environmentVariables: { WITNESS: file } },
    leave: (expression) => `require('node:fs').appendFileSync(process.env.WITNESS, ${expression} + '\\n')`,
    async prepare() {},
    read: async (_, kind) => counted(readFileSync(file, 'utf8').split('\n').slice(0, -1), kind),
    processes: processesNaming,
    remove: () => rmSync(folder, { recursive: true }),
  }
}

const BUCKET = 'executed'

/** From a container it puts an object for each execution, into a bucket that anybody may write. */
export function objectWitness(): Witness {
  return {
    environment: { SLUICE_SANDBOX: 'oci' },
    functionFields: FUNCTION_FIELDS,
    leave: (expression) => `
      const url = process.env.SLUICE_OBJECTS_ENDPOINT + '/${BUCKET}/' + ${expression} + '/' + crypto.randomUUID()
      const { status } = await fetch(url, { method: 'PUT', body: '' })
      if (status !== 200) throw new Error('the object service answered ' + status)`,
    async prepare(platform) {
      const bucket = await createPublicBucket(platform)
      if (bucket.status !== 200) throw new Error(`the bucket was not made: ${bucket.status} ${bucket.text}`)
    },
    async read(platform, kind) {
      const marks: string[] = []
      for (let marker = ''; ;) {
        const query = `max-keys=1000&prefix=${encodeURIComponent(kind)}&marker=${encodeURIComponent(marker)}`
        const { text } = await objects(platform, 'GET', `/${BUCKET}?${query}`)
        const keys = [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map((match) => match[1]!)
        marks.push(...keys.map((key) => key.slice(0, key.lastIndexOf('/'))))
        if (!text.includes('<IsTruncated>true<')) return counted(marks, kind)
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

function counted(marks: readonly string[], kind: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const mark of marks) {
    if (!mark.startsWith(kind)) continue
    const rest = mark.slice(kind.length)
    counts.set(rest, (counts.get(rest) ?? 0) + 1)
  }
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
