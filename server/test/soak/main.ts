/**
 * Kills the platform under load of asynchronous calls and objects, many times: `npm run soak`.
 *
 *   --rounds N            kills (50)
 *   --seed N              other moments (1)
 *   --callers N           at a time (16)
 *   --writers N           of objects, at a time (4)
 *   --sandbox NAME        process or oci (process)
 *   --json                the whole result as JSON instead of a table
 */
import { parseArgs } from 'node:util'
import { failuresOf, heading, lineOf, summaryOf } from './report.ts'
import { soak } from './soak.ts'
import { fileWitness, objectWitness } from './witness.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    callers: { type: 'string', default: '16' },
    writers: { type: 'string', default: '4' },
    sandbox: { type: 'string', default: 'process' },
    json: { type: 'boolean', default: false },
  },
})

function wholeNumber(name: 'rounds' | 'seed' | 'callers' | 'writers'): number {
  const value = Number(values[name])
  if (Number.isInteger(value) && value > 0) return value
  throw new Error(`--${name} must be a whole number from 1 on, not '${values[name]}'`)
}

const witnesses = { process: fileWitness, oci: objectWitness }
if (!Object.hasOwn(witnesses, values.sandbox)) {
  throw new Error(`--sandbox must be process or oci, not '${values.sandbox}'`)
}

if (!values.json) console.log(heading)
const result = await soak({
  rounds: wholeNumber('rounds'),
  seed: wholeNumber('seed'),
  callers: wholeNumber('callers'),
  writers: wholeNumber('writers'),
  witness: witnesses[values.sandbox as keyof typeof witnesses](),
  onRound: (round) => void (values.json || console.log(lineOf(round))),
})
console.log(values.json ? JSON.stringify(result, null, 2) : summaryOf(result))
process.exitCode = failuresOf(result) > 0 ? 1 : 0
