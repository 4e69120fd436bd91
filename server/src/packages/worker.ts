/** The thread that reads packages: hashing and inflating 100 MB take a second that the event loop does not have. */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { Reply } from '../worker-lane.ts'
import { crc64 } from '../crc64.ts'
import { linkTogether } from './folder-link.ts'
import { PackageError } from './limits.ts'
import type { PackageLimits } from './limits.ts'
import type { StoredPackage } from './port.ts'
import { planPackage } from './zip-plan.ts'
import { checkContents, writePackage } from './zip-unpack.ts'

export type Job =
  | { kind: 'check'; zipPath: string; limits: PackageLimits }
  | { kind: 'unpack'; zipPath: string; folder: string; limits: PackageLimits }
  | { kind: 'link'; sources: readonly string[]; folder: string; limits: PackageLimits }

export interface JobResults {
  check: StoredPackage
  /** Bytes of disk that the folder takes. */
  unpack: number
  /** The same. */
  link: number
}

type PackageReply = Reply<StoredPackage | number, string>

async function work(job: Job): Promise<StoredPackage | number> {
  if (job.kind === 'link') return linkTogether(job.sources, job.folder, job.limits)
  const zip = readFileSync(job.zipPath)
  const plan = await planPackage(zip, job.limits)
  if (job.kind === 'unpack') return writePackage(zip, plan, job.folder)
  await checkContents(zip, plan)
  const unpackedBytes = plan.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return { sha256: hash('sha256', zip), sizeBytes: zip.length, checksum: crc64(zip), unpackedBytes }
}

const port = parentPort
if (port === null) throw new Error('worker.ts runs as a worker thread only')
port.on('message', (job: Job) => {
  work(job).then(
    (result) => port.postMessage({ result } satisfies PackageReply),
    (error: Error) => {
      const reply = error instanceof PackageError ? { refused: error.message } : { failed: error.message }
      port.postMessage(reply satisfies PackageReply)
    },
  )
})
