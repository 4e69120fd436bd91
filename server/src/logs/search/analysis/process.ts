/** The process of one analysis. It has no environment, and of root's rights none. */
import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { Reader } from '../reader.ts'
import { analyse, type AnalysisAsk, type Table } from './analyse.ts'
import { SqlError } from './sql-error.ts'

/** Functions come first. */
const NICENESS = 10
/** The user and group that own nothing. */
const NOBODY = 65_534

export type AnalysisReply = { table: Table } | { wrong: string; position: number } | { failed: string }

function replyTo({ directory, ...ask }: AnalysisAsk & { directory: string }): AnalysisReply {
  try {
    const { sqlite } = new Reader(directory)
    // The files are open once something was read; what comes later needs no rights.
    sqlite.prepare('SELECT count(*) FROM blocks WHERE id = 0').get()
    dropRights()
    return { table: analyse(sqlite, ask) }
  } catch (error) {
    if (error instanceof SqlError) return { wrong: error.message, position: error.position }
    return { failed: (error as Error).message }
  }
}

/** Where memory runs out, this is what is ended, and neither the platform nor a function. */
function beFirstToGo(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Another system than Linux.
  }
}

function dropRights(): void {
  if (process.getuid?.() !== 0) return
  process.setgroups!([NOBODY])
  process.setgid!(NOBODY)
  process.setuid!(NOBODY)
}

setPriority(NICENESS)
beFirstToGo()
process.once('message', (ask) => {
  process.send!(replyTo(ask as AnalysisAsk & { directory: string }), () => process.disconnect?.())
})
// The platform is gone.
process.on('disconnect', () => process.exit())
