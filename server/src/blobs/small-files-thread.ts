/**
 * Writes files with calls that wait, because a hop to the thread pool and back costs more than most of them. Only syncs go
 * there, those of a batch all at once: the disk makes few of many.
 */
import { closeSync, fdatasync, fsync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { parentPort } from 'node:worker_threads'
import type { Batch, Failure, FromThread, ToThread } from '../storage-thread.ts'
import type { FileRefusal, WriteFile } from './small-files.ts'

const syncData = promisify(fdatasync)
const syncAll = promisify(fsync)

const port = parentPort!
const post = (message: FromThread): void => port.postMessage(message)

port.on('message', (message: ToThread) => {
  if (message.kind === 'close') port.close()
  else void carryOut(message.batch).then(post)
})
post({ kind: 'opened', opened: null })

async function carryOut({ asks, sizes, bytes }: Batch): Promise<FromThread> {
  const files = asks as WriteFile[]
  let offset = 0
  const written = sizes.map((size, index) => writeFile(files[index]!, bytes.subarray(offset, (offset += size))))
  await Promise.allSettled(written)
  const folders = new Map<string, Promise<void>>()
  const synced = files.map(async ({ path }, index) => {
    await written[index]
    const folder = dirname(path)
    const syncing = folders.get(folder) ?? syncFolder(folder)
    folders.set(folder, syncing)
    await syncing
  })
  const outcomes = await Promise.allSettled(synced)
  const failures = outcomes.flatMap((outcome, index): [number, Failure][] =>
    outcome.status === 'fulfilled' ? [] : [[index, { refused: toRefusal(outcome.reason) }]],
  )
  return { kind: 'answers', answers: files.map(() => null), failures, storageFailure: '' }
}

async function writeFile({ temporary, path }: WriteFile, data: Uint8Array): Promise<void> {
  try {
    const file = openSync(temporary, 'wx', 0o600)
    try {
      writeFileSync(file, data)
      // The size is part of what is synced; times are not worth a second write of the journal.
      await syncData(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = openSync(path, 'r')
  try {
    await syncAll(folder)
  } finally {
    closeSync(folder)
  }
}

function toRefusal({ code, message }: NodeJS.ErrnoException): FileRefusal {
  return { code, message }
}
