/**
 * Kills the platform under asynchronous load, many times: `npm run soak`.
 *
 *   --rounds N            kills (50)
 *   --seed N              other moments (1)
 *   --callers N           at a time (16)
 *   --sandbox NAME        process or oci (process)
 *   --json                the whole result as JSON instead of a table
 */
import { parseArgs } from 'node:util'
import { soak, type Round, type SoakResult } from './async-kill.ts'
import { fileWitness, objectWitness } from './witness.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    callers: { type: 'string', default: '16' },
    sandbox: { type: 'string', default: 'process' },
    json: { type: 'boolean', default: false },
  },
})

function wholeNumber(name: 'rounds' | 'seed' | 'callers'): number {
  const value = Number(values[name])
  if (Number.isInteger(value) && value > 0) return value
  throw new Error(`--${name} must be a whole number from 1 on, not '${values[name]}'`)
}

const witnesses = { process: fileWitness, oci: objectWitness }
if (!Object.hasOwn(witnesses, values.sandbox)) {
  throw new Error(`--sandbox must be process or oci, not '${values.sandbox}'`)
}

const COLUMNS = ['round', 'killed', 'after ms', 'accepted', 'refused', 'orphans']
const line = (cells: readonly (string | number)[]) => cells.map((cell) => String(cell).padStart(9)).join('')

function printRound({ round, killed, killedAfterMs, accepted, refused, orphans }: Round): void {
  console.log(line([round, killed, killedAfterMs, accepted, refused, orphans]))
}

function printResult(result: SoakResult): void {
  const { accepted, lost, unfinishedTasks, repeated, repeatedMost, unanswered, drainedMs } = result
  console.log(`
accepted (202)                ${accepted}
lost                          ${lost.length}${lost.length > 0 ? `: ${lost.slice(0, 10).join(' ')}` : ''}
tasks that did not succeed    ${unfinishedTasks.length}
executed more than once       ${repeated} (at most ${repeatedMost} times)
executed, answer cut off      ${unanswered}
last backlog executed in      ${drainedMs} ms`)
}

if (!values.json) console.log(line(COLUMNS))
const result = await soak({
  rounds: wholeNumber('rounds'),
  seed: wholeNumber('seed'),
  callers: wholeNumber('callers'),
  witness: witnesses[values.sandbox as keyof typeof witnesses](),
  onRound: values.json ? () => {} : printRound,
})
if (values.json) console.log(JSON.stringify(result, null, 2))
else printResult(result)
const orphans = result.rounds.reduce((sum, round) => sum + round.orphans, 0)
process.exitCode = result.lost.length + result.unfinishedTasks.length + orphans > 0 ? 1 : 0
