/**
 * What each attack on resources costs a neighbour, as a table: `node server/test/attack/neighbour.ts [part of a name]`.
 * Quiet and attacked figures alternate, so that a machine that is busy with something else shows in both.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Latencies } from './neighbour-watch.ts'
import { resourceAttacks } from './resource-attacks.ts'
import { Scene } from './support.ts'

const QUIET_MS = 3000
/** Each attack; the figures are medians. */
const ROUNDS = 3
const RATIO_PROMISED = 2

const wanted = process.argv[2] ?? ''
const scene = await Scene.open({})
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const row = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)

row([
  'Attack',
  'Quiet p50, ms',
  'Quiet p99, ms',
  'Attacked p50, ms',
  'Attacked p99, ms',
  'p99 ratio',
  'Calls',
  'Failed',
])
row(['---', '--:', '--:', '--:', '--:', '--:', '--:', '--:'])
for (const [i, { name, options, source }] of resourceAttacks.entries()) {
  if (!name.includes(wanted)) continue
  const attack = await scene.attacker(`attack-${i}`, options)
  const rounds: { quiet: Latencies; attacked: Latencies }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await attack('')
    const quiet = (await scene.measured(() => pause(QUIET_MS))).latencies
    rounds.push({ quiet, attacked: (await scene.measured(() => attack(source))).latencies })
  }
  const of = (kind: 'quiet' | 'attacked', figure: 'p50Ms' | 'p99Ms') => median(rounds.map((one) => one[kind][figure]))
  const ratio = median(rounds.map(({ quiet, attacked }) => attacked.p99Ms / quiet.p99Ms))
  const sum = (figure: (one: (typeof rounds)[number]) => number) => rounds.reduce((all, one) => all + figure(one), 0)
  row([
    name,
    ...[of('quiet', 'p50Ms'), of('quiet', 'p99Ms'), of('attacked', 'p50Ms'), of('attacked', 'p99Ms')].map((ms) =>
      ms.toFixed(1),
    ),
    `${ratio.toFixed(2)}${ratio > RATIO_PROMISED ? ' (above 2)' : ''}`,
    String(sum(({ attacked }) => attacked.count)),
    String(sum(({ attacked }) => attacked.failures.length)),
  ])
}
await scene.platform.stop()
