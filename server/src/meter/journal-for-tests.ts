/** A journal, and a store that it is added up into: for its tests. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { SimulatedClock } from '../simulated-clock.ts'
import { Adder } from './adder.ts'
import { openUsageHome } from './databases.ts'
import { ENTRY } from './entries.ts'
import { Journal, listSegments, segmentName } from './journal.ts'
import { temporaryDirectory, versionOf } from './test-support.ts'

export const T0 = Date.UTC(2030, 0, 1, 12)
export const DAY = '2030-01-01'
export const ALL = { fromDay: '2000-01-01', toDay: '2099-12-31' }

export async function world(t: TestContext) {
  const directory = temporaryDirectory(t)
  const notices: string[] = []
  const clock = new SimulatedClock()
  const store = await openUsageHome({ kind: 'sqlite', file: ':memory:' })
  t.after(() => store.close())
  const open = () => new Journal(directory, { clock, onWritten() {}, notify: (message) => notices.push(message) })
  return {
    directory,
    clock,
    notices,
    store,
    open,
    adder: () => new Adder(directory, 'j', store),
    newest: () => join(directory, segmentName(listSegments(directory).at(-1)!)),
  }
}

export const f = versionOf('f')
export function begin(journal: Journal, run: number, timeMs = T0, version = f): void {
  journal.append(ENTRY.begin, journal.reference(version), run, timeMs, 0, 0)
}
export function end(journal: Journal, run: number, billedMs: number, timeMs = T0, version = f): void {
  journal.append(ENTRY.end, journal.reference(version), run, timeMs, billedMs, 10)
}
