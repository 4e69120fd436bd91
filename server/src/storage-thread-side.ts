/** Within a storage thread: its database, and one transaction for each batch of asks. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { AskTable, Batch, Failure, FromThread, ToThread } from './storage-thread.ts'

/** The write-ahead log is cut back to this after a checkpoint. */
const JOURNAL_BYTES_MAX = 64 * 1024 * 1024
const CACHE_KIB_MAX = 16 * 1024
export const IN_MEMORY = ':memory:'

/** SQLite result codes that are about the database and not about the statement: what else was asked cannot succeed either. */
const STORAGE_CODES = new Set([3, 5, 6, 7, 8, 10, 11, 13, 14, 15, 26])
/** Those that say the file itself is bad. */
const CORRUPT_CODES = new Set([11, 26])

/** Thrown by a handler to say no: what it changed is undone, and the refusal, a plain object, goes to who asked. */
export class Refusal extends Error {
  readonly refused: unknown

  constructor(refused: unknown) {
    super('refused')
    this.refused = refused
  }
}

export interface Storage<Asks extends AskTable<Asks>> {
  database: DatabaseSync
  /** Told to the main thread. */
  opened: unknown
  /** Each carries one ask out, within the transaction of its batch; `bytes` are those that came with it. */
  handlers: { [Kind in keyof Asks]: (ask: Asks[Kind]['ask'], bytes: Uint8Array) => Asks[Kind]['answer'] }
  /** Kinds that change nothing: they are answered when nothing can be written, too. */
  reads: readonly (keyof Asks & string)[]
}

/**
 * Opens the database, made with mode 0600 and this schema when there is none. `format` is raised with each change that older
 * code could not read. Throws an error that says what to do.
 */
export function openDatabase(file: string, subject: string, schema: string, format: number): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    if (file !== IN_MEMORY) {
      mkdirSync(dirname(file), { recursive: true })
      closeSync(openSync(file, 'a', 0o600))
    }
    database = new DatabaseSync(file)
    const found = database.prepare('PRAGMA user_version').get()!['user_version'] as number
    // Before anything of the file is changed.
    if (found > format) throw new Error(newer(found, format))
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -${CACHE_KIB_MAX};
      PRAGMA journal_size_limit = ${JOURNAL_BYTES_MAX};
      ${schema}`)
    if (found < format) database.exec(`PRAGMA user_version = ${format}`)
    return database
  } catch (error) {
    database?.close()
    const advice = CORRUPT_CODES.has(resultCode(error) ?? 0)
      ? '; it is damaged, and was left as it is: restore it from a backup, or move it (with its -wal and -shm files) ' +
        'out of the way to begin with an empty one'
      : ''
    throw new Error(`cannot open the ${subject} database ${file}: ${(error as Error).message}${advice}`, {
      cause: error,
    })
  }
}

const newer = (found: number, format: number) =>
  `it was written by a newer Sluice (format ${found}; this one knows up to ${format}); start that one`

/** Answers the main thread until it closes; `prepare` gets the data of the thread. */
export function serveStorage<Asks extends AskTable<Asks>>(prepare: (data: never) => Storage<Asks>): void {
  const storage = prepare(workerData as never)
  const port = parentPort!
  const post = (message: FromThread): void => port.postMessage(message)
  const carryOut = carryOutBatches(storage)
  port.on('message', (message: ToThread) => {
    if (message.kind === 'batch') return post(carryOut(message.batch))
    storage.database.close()
    port.close()
  })
  post({ kind: 'opened', opened: storage.opened })
}

class Unavailable extends Error {}

type Answers = FromThread & { kind: 'answers' }

/** Each batch is one transaction. */
export function carryOutBatches<Asks extends AskTable<Asks>>(storage: Storage<Asks>): (batch: Batch) => Answers {
  const { database } = storage
  const handlers = storage.handlers as Record<string, (ask: unknown, bytes: Uint8Array) => unknown>
  const reads = new Set<string>(storage.reads)
  const begin = database.prepare('BEGIN')
  const commit = database.prepare('COMMIT')
  const savepoint = database.prepare('SAVEPOINT ask')
  const release = database.prepare('RELEASE ask')
  const undo = database.prepare('ROLLBACK TO ask')

  function write(kind: string, ask: unknown, bytes: Uint8Array): unknown {
    savepoint.run()
    try {
      const answer = handlers[kind]!(ask, bytes)
      release.run()
      return answer
    } catch (error) {
      if (isStorageFailure(error)) throw error
      undo.run()
      release.run()
      throw error
    }
  }

  /** Without a transaction, after one that failed: what only reads gets its answer, the rest hears why there is none. */
  function read(kind: string, ask: unknown, bytes: Uint8Array, storageFailure: string): unknown {
    if (!reads.has(kind)) throw new Unavailable(storageFailure)
    try {
      return handlers[kind]!(ask, bytes)
    } catch (error) {
      throw isStorageFailure(error) ? new Unavailable((error as Error).message) : error
    }
  }

  return (batch) => {
    try {
      // Deferred: a batch that only reads takes no lock and makes no sync.
      begin.run()
      const answers = answerEach(batch, (kind, ask, bytes) =>
        reads.has(kind) ? handlers[kind]!(ask, bytes) : write(kind, ask, bytes),
      )
      commit.run()
      return answers
    } catch (error) {
      // A full disk, for one, has already rolled it back.
      if (database.isTransaction) database.exec('ROLLBACK')
      const storageFailure = (error as Error).message
      const answers = answerEach(batch, (kind, ask, bytes) => read(kind, ask, bytes, storageFailure))
      return { ...answers, storageFailure }
    }
  }
}

/** Throws what is the fault of the storage and not of one ask. */
function answerEach(batch: Batch, run: (kind: string, ask: unknown, bytes: Uint8Array) => unknown): Answers {
  const answers: unknown[] = []
  const failures: [number, Failure][] = []
  let offset = 0
  for (const [index, kind] of batch.kinds.entries()) {
    const bytes = batch.bytes.subarray(offset, (offset += batch.sizes[index]!))
    try {
      answers.push(run(kind, batch.asks[index], bytes))
    } catch (error) {
      if (isStorageFailure(error)) throw error
      answers.push(null)
      failures.push([index, failureOf(error)])
    }
  }
  return { kind: 'answers', answers, failures, storageFailure: '' }
}

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Refusal) return { refused: thrown.refused }
  if (thrown instanceof Unavailable) return { unavailable: thrown.message }
  return { failed: String(thrown) }
}

function isStorageFailure(thrown: unknown): boolean {
  return STORAGE_CODES.has(resultCode(thrown) ?? 0)
}

/** The low byte is the primary result code, the rest refines it. */
function resultCode(thrown: unknown): number | undefined {
  const code = thrown instanceof Error && 'errcode' in thrown ? thrown.errcode : undefined
  return typeof code === 'number' ? code & 0xff : undefined
}
