/** What a soak found, as text. Pure. */
import type { Round } from './round.ts'
import type { SoakResult } from './soak.ts'

const line = (cells: readonly (string | number)[]) => cells.map((cell) => String(cell).padStart(9)).join('')

export const heading = line([
  'round',
  'killed',
  'after ms',
  'accepted',
  'refused',
  'stored',
  'deleted',
  'checked',
  'wrong',
  'orphans',
])

export const lineOf = (round: Round): string =>
  line([
    round.round,
    round.killed,
    round.killedAfterMs,
    round.accepted,
    round.refused,
    round.stored,
    round.deleted,
    round.checked,
    round.wrong,
    round.orphans,
  ])

export function summaryOf({ rounds, calls, objects, drainedMs }: SoakResult): string {
  const { events } = objects
  return `
calls accepted (202)          ${calls.accepted}
lost                          ${listed(calls.lost)}
tasks that did not succeed    ${listed(calls.unfinishedTasks)}
executed more than once       ${calls.repeated} (at most ${calls.repeatedMost} times)
executed, answer cut off      ${calls.unanswered}

objects stored (200)          ${objects.stored}, into ${objects.keys} keys
objects deleted (204)         ${objects.deleted}
writes cut off                ${objects.cutOff}
reads compared                ${objects.checked}
torn, lost or stale           ${listed(objects.wrong)}

events expected               ${events.expected}
lost                          ${listed(events.lost)}
heard more than once          ${events.repeated}

orphans                       ${orphansOf(rounds)}
last backlog executed in      ${drainedMs} ms`
}

/** How much of what was promised was not kept. */
export function failuresOf({ rounds, calls, objects }: SoakResult): number {
  const broken = [calls.lost, calls.unfinishedTasks, objects.wrong, objects.events.lost]
  return broken.reduce((sum, { length }) => sum + length, orphansOf(rounds))
}

const orphansOf = (rounds: readonly Round[]) => rounds.reduce((sum, { orphans }) => sum + orphans, 0)

const listed = (items: readonly string[]) =>
  items.length === 0 ? '0' : `${items.length}: ${items.slice(0, 10).join(', ')}`
