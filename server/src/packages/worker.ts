/** The thread that reads packages: hashing and inflating 100 MB take a second that the event loop does not have. */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { CodeRef } from '../model.ts'
import type { Reply } from '../worker-lane.ts'
import { crc64 } from './crc64.ts'
import { PackageError } from './limits.ts'
import type { PackageLimits } from './limits.ts'
import { planPackage } from './zip-plan.ts'
import { checkContents, writePackage } from './zip-unpack.ts'

export type Job =
  | { kind: 'check'; zipPath: string; limits: PackageLimits }
  | { kind: 'unpack'; zipPath: string; folder: string; limits: PackageLimits }

export interface JobResults {
  check: CodeRef
  /** Bytes of disk that the folder takes. */
  unpack: number
}

type PackageReply = Reply<CodeRef | number, string>

async function work(job: Job): Promise<CodeRef | number> {
  const zip = readFileSync(job.zipPath)
  const plan = await planPackage(zip, job.limits)
  if (job.kind === 'unpack') return writePackage(zip, plan, job.folder)
  await checkContents(zip, plan)
  return { sha256: hash('sha256', zip), sizeBytes: zip.length, checksum: crc64(zip) }
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
