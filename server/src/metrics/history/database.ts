/** Minutes in SQLite, and sums of them. Synchronous: it belongs in a thread of its own. */
import type { DatabaseSync } from 'node:sqlite'
import { openDatabase, type Storage } from '../../storage-thread-side.ts'
import { encodeTally, mergeEncoded } from './codec.ts'
import type { MinuteAsks, MinuteData } from './messages.ts'
import { cover, STRETCH_MINUTES } from './steps.ts'
import { isFunction, REGION } from './subjects.ts'
import { Tally } from './tally.ts'

const FORMAT = 1
/** Of the writer's last rows, to know them when they come again. */
const SEQUENCES_KEPT = 100
/** Of minutes removed in one go when the database is too large. */
const REMOVED_MINUTES = 6 * 60

/** In the order of time, so that a minute is written in one place, and a period is read in one. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS subjects (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS tallies (
    size INTEGER NOT NULL,
    start INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    tally BLOB NOT NULL,
    PRIMARY KEY (size, start, subject)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS written (
    writer TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (writer, sequence)
  ) STRICT, WITHOUT ROWID;
`

/** Throws an error for the operator when the file cannot be used. */
export function openMinutes({ file }: MinuteData): Storage<MinuteAsks> {
  const database = openDatabase(file, 'metrics', SCHEMA, FORMAT)
  const ids = subjectIds(database)
  return {
    database,
    opened: null,
    reads: ['series', 'totals'],
    handlers: { add: adder(database, ids), ...readers(database, ids), sweep: sweeper(database, ids) },
  }
}

interface SubjectIds {
  /** Makes one where there is none. */
  of(name: string): number
  find(name: string): number | undefined
  nameOf(id: number): string
  forget(): void
}

function subjectIds(database: DatabaseSync): SubjectIds {
  const insert = database.prepare('INSERT INTO subjects (name) VALUES (?) ON CONFLICT (name) DO NOTHING')
  const selectId = database.prepare('SELECT id FROM subjects WHERE name = ?')
  const selectName = database.prepare('SELECT name FROM subjects WHERE id = ?')
  const names = new Map<number, string>()
  const find = (name: string) => selectId.get(name)?.['id'] as number | undefined
  return {
    of(name) {
      insert.run(name)
      return find(name)!
    },
    find,
    nameOf(id) {
      const name = names.get(id) ?? (selectName.get(id)!['name'] as string)
      names.set(id, name)
      return name
    },
    forget: () => names.clear(),
  }
}

function adder(database: DatabaseSync, ids: SubjectIds): Storage<MinuteAsks>['handlers']['add'] {
  const select = database.prepare('SELECT tally FROM tallies WHERE size = ? AND start = ? AND subject = ?')
  const put = database.prepare('INSERT OR REPLACE INTO tallies (size, start, subject, tally) VALUES (?, ?, ?, ?)')
  const note = database.prepare('INSERT INTO written (writer, sequence) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const forget = database.prepare('DELETE FROM written WHERE writer <> ? OR sequence < ?')
  const tally = new Tally()

  function addTo(size: number, start: number, subject: number, bytes: Uint8Array): void {
    const known = select.get(size, start, subject)
    if (known === undefined) return void put.run(size, start, subject, bytes)
    tally.reset()
    mergeEncoded(tally, known['tally'] as Uint8Array)
    mergeEncoded(tally, bytes)
    put.run(size, start, subject, encodeTally(tally))
  }

  return ({ writer, sequence, minute, subjects, sizes }, bytes) => {
    if (note.run(writer, sequence).changes === 0) return null
    forget.run(writer, sequence - SEQUENCES_KEPT)
    let offset = 0
    for (const [index, name] of subjects.entries()) {
      const row = bytes.subarray(offset, (offset += sizes[index]!))
      const subject = ids.of(name)
      for (const [size, minutes] of STRETCH_MINUTES.entries()) {
        addTo(size, Math.floor(minute / minutes) * minutes, subject, row)
      }
    }
    return null
  }
}

function readers(database: DatabaseSync, ids: SubjectIds): Pick<Storage<MinuteAsks>['handlers'], 'series' | 'totals'> {
  const one = database.prepare('SELECT tally FROM tallies WHERE size = ? AND start = ? AND subject = ?')
  const all = database.prepare('SELECT subject, tally FROM tallies WHERE size = ? AND start >= ? AND start < ?')

  all.setReturnArrays(true)

  function sumOf(subject: number, from: number, to: number): Tally | null {
    let sum: Tally | null = null
    for (const part of cover(from, to)) {
      for (let start = part.from; start < part.to; start += STRETCH_MINUTES[part.size]!) {
        const row = one.get(part.size, start, subject)
        if (row !== undefined) mergeEncoded((sum ??= new Tally()), row['tally'] as Uint8Array)
      }
    }
    return sum
  }

  return {
    series({ subject: name, from, to, step }) {
      const subject = ids.find(name)
      if (subject === undefined) return []
      const found: { minute: number; tally: Uint8Array }[] = []
      for (let minute = from; minute < to; minute += step) {
        const sum = sumOf(subject, minute, Math.min(to, minute + step))
        if (sum !== null) found.push({ minute, tally: encodeTally(sum) })
      }
      return found
    },
    totals({ from, to }) {
      const sums = new Map<number, Tally>()
      for (const part of cover(from, to)) {
        for (const row of all.iterate(part.size, part.from, part.to)) {
          const [subject, tally] = row as unknown as [number, Uint8Array]
          let sum = sums.get(subject)
          if (sum === undefined) sums.set(subject, (sum = new Tally()))
          mergeEncoded(sum, tally)
        }
      }
      return [...sums]
        .map(([id, sum]) => ({ subject: ids.nameOf(id), sum }))
        .filter(({ subject }) => subject === REGION || isFunction(subject))
        .map(({ subject, sum }) => ({ subject, tally: encodeTally(sum) }))
    },
  }
}

function sweeper(database: DatabaseSync, ids: SubjectIds): Storage<MinuteAsks>['handlers']['sweep'] {
  const removeBefore = database.prepare('DELETE FROM tallies WHERE size = ? AND start < ?')
  const oldest = database.prepare('SELECT min(start) AS start FROM tallies WHERE size = ?')
  const removeSubjects = database.prepare(
    'DELETE FROM subjects WHERE id NOT IN (SELECT DISTINCT subject FROM tallies WHERE size = ?)',
  )
  const number = (pragma: string) => database.prepare(`PRAGMA ${pragma}`).get()![pragma] as number
  const pageBytes = number('page_size')
  const usedBytes = () => (number('page_count') - number('freelist_count')) * pageBytes
  const longest = STRETCH_MINUTES.length - 1
  return ({ before, bytesMax }) => {
    for (const [size, minutes] of STRETCH_MINUTES.entries()) removeBefore.run(size, before - minutes + 1)
    for (let size = 0; size < longest; size++) {
      while (usedBytes() > bytesMax) {
        const start = oldest.get(size)!['start'] as number | null
        if (start === null) break
        removeBefore.run(size, start + REMOVED_MINUTES)
      }
    }
    removeSubjects.run(longest)
    ids.forget()
    return usedBytes()
  }
}
