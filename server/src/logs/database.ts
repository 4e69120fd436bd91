/** Blocks in SQLite: stored in batches, evicted oldest first by age and size. Synchronous: it belongs in a thread of its own. */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Block } from './blocks.ts'
import { horizonOf, horizonsAt, type FunctionBounds } from './horizons.ts'
import { fairShare, Usage } from './usage.ts'
import type { Kind } from './usage.ts'

export interface StorageBounds {
  directory: string
  retentionDays: number
  /** Stored bytes of one function that has no bound of its own, records and lines together. */
  functionBytesMax: number
  totalBytesMax: number
}

export interface BlockDatabase {
  readonly sqlite: DatabaseSync
  /** All blocks or none: throws what SQLite says, such as a full disk. */
  store(blocks: readonly Block[], nowMs: number): void
  /** What functions have of their own: holds from the next batch on. */
  bound(functions: FunctionBounds): void
  storedBytes(): number
  close(): void
}

export const FILE_NAME = 'logs.db'
/** What a row costs beside its data: columns, two index entries, page headers. */
const ROW_OVERHEAD_BYTES = 200
const RETENTION_SWEEP_INTERVAL_MS = 10 * 60_000
const EVICTION_BLOCKS = 64
/** Share of the total bound that eviction goes down to, so that it runs now and then and not with each batch. */
const TOTAL_AFTER_EVICTION = 0.98
const CACHE_KIB_MAX = 8 * 1024
const JOURNAL_BYTES_MAX = 16 * 1024 * 1024
/** SQLite result codes that say the file itself is bad. */
const CORRUPT = 11
const NOT_A_DATABASE = 26

/**
 * WAL without a sync per commit: what was committed survives the death of the process, though perhaps not of the
 * machine. `blocks_by_function` covers what eviction and the search for a query's blocks read, so that neither touches data.
 */
const SCHEMA = `
  PRAGMA page_size = 8192;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -${CACHE_KIB_MAX};
  PRAGMA journal_size_limit = ${JOURNAL_BYTES_MAX};
  CREATE TABLE IF NOT EXISTS blocks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    functionKey TEXT NOT NULL,
    kind TEXT NOT NULL,
    fromMs INTEGER NOT NULL,
    toMs INTEGER NOT NULL,
    startedFromMs INTEGER,
    startedToMs INTEGER,
    count INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    numbers BLOB NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS blocks_by_function
    ON blocks (functionKey, kind, toMs, fromMs, startedFromMs, startedToMs, failed, count, bytes);
  CREATE INDEX IF NOT EXISTS records_by_start
    ON blocks (startedToMs, startedFromMs, failed, count) WHERE kind = 'records';
`

export function isCorruption(thrown: unknown): boolean {
  const code = resultCode(thrown)
  return code === CORRUPT || code === NOT_A_DATABASE
}

/** A damaged file is replaced by an empty one. */
export function openBlockDatabase(bounds: StorageBounds, notify: (message: string) => void): BlockDatabase {
  mkdirSync(bounds.directory, { recursive: true })
  try {
    return open(bounds)
  } catch (error) {
    if (!isCorruption(error)) throw error
    return replaceDamaged(bounds, error, notify)
  }
}

/** Moves the file aside (over one moved before), opens an empty one and tells. */
export function replaceDamaged(
  bounds: StorageBounds,
  reason: unknown,
  notify: (message: string) => void,
): BlockDatabase {
  const aside = moveAside(bounds.directory)
  notify(`the log database was damaged (${(reason as Error).message}): it was moved to ${aside}, an empty one begins`)
  return open(bounds)
}

function resultCode(thrown: unknown): number | undefined {
  const code = thrown instanceof Error && 'errcode' in thrown ? thrown.errcode : undefined
  // The low byte is the primary result code, the rest refines it.
  return typeof code === 'number' ? code & 0xff : undefined
}

function moveAside(directory: string): string {
  const aside = `${FILE_NAME}.damaged`
  for (const name of readdirSync(directory)) if (name.startsWith(aside)) rmSync(join(directory, name))
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      renameSync(join(directory, FILE_NAME + suffix), join(directory, aside + suffix))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return join(directory, aside)
}

function open(bounds: StorageBounds): BlockDatabase {
  const sqlite = new DatabaseSync(join(bounds.directory, FILE_NAME))
  try {
    sqlite.exec(SCHEMA)
    return createBlockDatabase(sqlite, bounds)
  } catch (error) {
    sqlite.close()
    throw error
  }
}

interface Row {
  id: number
  bytes: number
}

function createBlockDatabase(sqlite: DatabaseSync, bounds: StorageBounds): BlockDatabase {
  const insert = sqlite.prepare(`
    INSERT INTO blocks (functionKey, kind, fromMs, toMs, startedFromMs, startedToMs, count, failed, bytes, numbers, text)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const oldest = sqlite.prepare(`
    SELECT id, bytes FROM blocks WHERE functionKey = ? AND kind = ? AND toMs < ? ORDER BY toMs LIMIT ${EVICTION_BLOCKS}`)
  const remove = sqlite.prepare('DELETE FROM blocks WHERE id = ?')
  const usage = readUsage(sqlite)
  let nextSweepMs = 0
  let functionBounds: FunctionBounds = new Map()
  /** Are to be looked at with the next batch, whatever it brings. */
  let newlyBound: readonly string[] = []

  const bytesMaxOf = (functionKey: string) => functionBounds.get(functionKey)?.bytesMax ?? bounds.functionBytesMax

  function insertBlock(block: Block): void {
    const numbers = new Uint8Array(block.numbers.buffer)
    const bytes = Buffer.byteLength(block.text) + numbers.length + ROW_OVERHEAD_BYTES
    const { functionKey, kind, count, failed, text } = block
    const [fromMs, toMs] = [Math.floor(block.fromMs), Math.ceil(block.toMs)]
    const startedFromMs = block.startedFromMs === null ? null : Math.floor(block.startedFromMs)
    const startedToMs = block.startedToMs === null ? null : Math.ceil(block.startedToMs)
    insert.run(functionKey, kind, fromMs, toMs, startedFromMs, startedToMs, count, failed, bytes, numbers, text)
    usage.add(functionKey, kind, bytes)
  }

  /** Removes blocks that ended before `beforeMs`, oldest first, for as long as `goOn` says so. */
  function removeOldest(functionKey: string, kind: Kind, beforeMs: number, goOn: () => boolean): void {
    for (;;) {
      const rows = oldest.all(functionKey, kind, beforeMs) as unknown as Row[]
      for (const { id, bytes } of rows) {
        if (!goOn()) return
        remove.run(id)
        usage.add(functionKey, kind, -bytes)
      }
      if (rows.length < EVICTION_BLOCKS) return
    }
  }

  /** Takes from what the function has more of, so that a flood of lines leaves the records of its invocations. */
  function shrink(functionKey: string, bytesMax: number): void {
    while (usage.bytesOf(functionKey) > bytesMax) {
      const { lines, records } = usage.of(functionKey)
      const [kind, other]: [Kind, number] = lines >= records ? ['lines', records] : ['records', lines]
      const goOn = (): boolean => usage.bytesOf(functionKey) > bytesMax && usage.of(functionKey)[kind] >= other
      removeOldest(functionKey, kind, Number.MAX_SAFE_INTEGER, goOn)
    }
  }

  /** The functions that hold most give first: one that floods cannot displace the log of one that is quiet. */
  function keepTotalBound(): void {
    if (usage.totalBytes <= bounds.totalBytesMax) return
    const functionKeys = usage.functionKeys()
    const share = fairShare(
      functionKeys.map((key) => usage.bytesOf(key)),
      bounds.totalBytesMax * TOTAL_AFTER_EVICTION,
    )
    for (const functionKey of functionKeys) shrink(functionKey, share)
  }

  function sweep(nowMs: number): void {
    if (nowMs < nextSweepMs) return
    const horizons = horizonsAt(nowMs, bounds.retentionDays, functionBounds)
    for (const functionKey of usage.functionKeys()) {
      const horizonMs = horizonOf(horizons, functionKey)
      removeOldest(functionKey, 'lines', horizonMs, () => true)
      removeOldest(functionKey, 'records', horizonMs, () => true)
    }
    nextSweepMs = nowMs + RETENTION_SWEEP_INTERVAL_MS
  }

  return {
    sqlite,
    store(blocks, nowMs) {
      usage.mark()
      try {
        sqlite.exec('BEGIN IMMEDIATE')
        for (const block of blocks) insertBlock(block)
        for (const functionKey of new Set([...newlyBound, ...blocks.map((block) => block.functionKey)])) {
          shrink(functionKey, bytesMaxOf(functionKey))
        }
        keepTotalBound()
        sweep(nowMs)
        sqlite.exec('COMMIT')
        newlyBound = []
      } catch (error) {
        usage.undo()
        nextSweepMs = 0
        if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
        throw error
      }
    },
    bound(functions) {
      functionBounds = functions
      newlyBound = [...functions.keys()]
      nextSweepMs = 0
    },
    storedBytes: () => usage.totalBytes,
    close: () => sqlite.close(),
  }
}

function readUsage(sqlite: DatabaseSync): Usage {
  const usage = new Usage()
  const sums = sqlite.prepare('SELECT functionKey, kind, sum(bytes) AS bytes FROM blocks GROUP BY functionKey, kind')
  for (const row of sums.all() as unknown as { functionKey: string; kind: Kind; bytes: number }[]) {
    usage.add(row.functionKey, row.kind, row.bytes)
  }
  return usage
}
