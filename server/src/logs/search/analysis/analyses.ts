/**
 * Analyses run in processes of their own: SQL can be made to run for ever, and nothing ends a thread that is inside
 * SQLite, while a process can be killed.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../../clock.ts'
import { FcError } from '../../../errors.ts'
import { QueryError } from '../../query/error.ts'
import type { AnalysisAsk, Table } from './analyse.ts'
import type { AnalysisReply } from './process.ts'

const SCRIPT = fileURLToPath(new URL('./process.ts', import.meta.url))
/** At once; more are refused. */
export const ANALYSES_MAX = 4
const ANALYSIS_MS_MAX = 20_000
/** Of one file that sorting and grouping spill into, in blocks of 512 bytes: 512 MB. */
const SPILL_BLOCKS_MAX = 1024 * 1024
const LIMITED = `ulimit -f ${SPILL_BLOCKS_MAX}; exec "$0" "$@"`

export class Analyses {
  readonly #directory: string
  readonly #clock: Clock
  readonly #running = new Set<ChildProcess>()

  constructor(directory: string, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
  }

  /** `offset`: where the SQL stands in the query. Rejects with QueryError, and ResourceExhausted when too many run. */
  async run({ offset, ...ask }: AnalysisAsk & { offset: number }, msMax = ANALYSIS_MS_MAX): Promise<Table> {
    if (this.#running.size >= ANALYSES_MAX) {
      throw new FcError('ResourceExhausted', `${ANALYSES_MAX} analyses of logs are running; try again`)
    }
    const reply = await this.#replyTo(ask, msMax)
    if ('table' in reply) return reply.table
    if ('wrong' in reply) throw new QueryError(reply.wrong, offset + reply.position)
    throw new Error(`an analysis of logs failed: ${reply.failed}`)
  }

  close(): void {
    for (const child of this.#running) child.kill('SIGKILL')
  }

  #replyTo(ask: AnalysisAsk, msMax: number): Promise<AnalysisReply> {
    const child = spawn('/bin/sh', ['-c', LIMITED, process.execPath, SCRIPT], {
      serialization: 'advanced',
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    child.unref()
    child.channel?.unref()
    this.#running.add(child)
    return new Promise<AnalysisReply>((resolve) => {
      const timer = this.#clock.setTimer(msMax, () => {
        const told = `the analysis takes longer than ${msMax / 1000} s: narrow its time range, conditions or joins`
        resolve({ wrong: told, position: 0 })
        child.kill('SIGKILL')
      })
      child.on('message', (reply) => resolve(reply as AnalysisReply))
      const end = (failed: string) => {
        this.#running.delete(child)
        timer.cancel()
        resolve({ failed })
      }
      // A process that could not be started has no exit.
      child.on('error', (error) => end(error.message))
      child.on('exit', (code, signal) => end(`the process ended (${signal ?? code})`))
      child.send({ directory: this.#directory, ...ask }, (error) => {
        if (error !== null) resolve({ failed: error.message })
      })
    })
  }
}
