/**
 * The platform is killed again and again while callers hand it asynchronous invocations: everything that was answered 202
 * must be executed, and nothing of a killed platform may be left.
 */
import { setTimeout } from 'node:timers/promises'
import type { Random } from '../../src/clock.ts'
import { seededRandom } from '../../src/simulated-clock.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import type { Witness } from './witness.ts'

export interface SoakOptions {
  rounds: number
  seed: number
  callers: number
  witness: Witness
  /** Heard after each round. */
  onRound?: (round: Round) => void
}

export interface Round {
  round: number
  /** During the start of the platform, or under load. */
  killed: 'starting' | 'loaded'
  /** Since the spawn of the process, or since it was ready. */
  killedAfterMs: number
  accepted: number
  /** Calls that got an answer other than 202. */
  refused: number
  /** Processes of instances that outlived the next start. */
  orphans: number
}

export interface SoakResult {
  rounds: Round[]
  accepted: number
  /** Answered 202 and never executed. */
  lost: string[]
  /** Tasks among the accepted that did not end as succeeded. */
  unfinishedTasks: string[]
  /** Executed more than once: what was at work when the platform was killed. */
  repeated: number
  repeatedMost: number
  /** Executed, but the answer was cut off by the kill. */
  unanswered: number
  /** From the last start until everything was executed. */
  drainedMs: number
}

/** Of the rounds, so many kill the platform before it is ready. */
const STARTING_SHARE = 0.2
const STARTING_MS_MAX = 800
const LOADED_MS_MAX = 1500
const WORK_MS_MAX = 40
/** Of the invocations, so many are delayed, and so many are tasks. */
const DELAYED_SHARE = 0.1
const TASK_SHARE = 0.2
/** Without progress for so long, what is missing is lost. */
const PATIENCE_MS = 30_000
const LOOK_INTERVAL_MS = 200

export async function soak({ rounds, seed, callers, witness, onRound }: SoakOptions): Promise<SoakResult> {
  // Apart, so that how many calls are made does not change the moments.
  const moments = seededRandom(seed)
  const chance = seededRandom(seed + 1)
  const accepted = new Set<string>()
  const tasks = new Set<string>()
  const done: Round[] = []
  const platform = await startPlatform({ ...witness.environment, SLUICE_QUEUE_LENGTH: '1000' })

  /** One caller, until the platform is gone. */
  async function call(round: Round): Promise<void> {
    for (;;) {
      const isTask = chance.fraction() < TASK_SHARE
      const taskId = `t${chance.bytes(8).toString('hex')}`
      const headers = {
        'x-fc-invocation-type': 'Async',
        ...(isTask ? { 'x-fc-async-task-id': taskId } : {}),
        ...(chance.fraction() < DELAYED_SHARE ? { 'x-fc-async-delay': '1' } : {}),
      }
      const answer = await platform.invoke('worker', String(within(chance, WORK_MS_MAX)), headers).catch(() => null)
      if (answer === null) return
      if (answer.status !== 202) {
        round.refused++
        continue
      }
      accepted.add(String(answer.headers['x-fc-request-id']))
      if (isTask) tasks.add(taskId)
      round.accepted++
    }
  }

  async function killUnderLoad(round: Round): Promise<void> {
    const calls = Array.from({ length: callers }, () => call(round))
    await setTimeout(round.killedAfterMs)
    await platform.kill()
    await Promise.all(calls)
  }

  async function killWhileStarting(round: Round): Promise<void> {
    await platform.kill()
    const started = platform.start().catch(() => {})
    await setTimeout(round.killedAfterMs)
    await platform.kill()
    await started
  }

  try {
    await witness.prepare(platform)
    await platform.deploy(
      'worker',
      { 'index.js': witness.handler },
      { memorySize: 128, timeout: 10, instanceConcurrency: 10, environmentVariables: witness.variables },
    )
    for (let number = 1; number <= rounds; number++) {
      const killed = moments.fraction() < STARTING_SHARE ? 'starting' : 'loaded'
      const killedAfterMs = within(moments, killed === 'starting' ? STARTING_MS_MAX : LOADED_MS_MAX)
      const round: Round = { round: number, killed, killedAfterMs, accepted: 0, refused: 0, orphans: 0 }
      await (killed === 'starting' ? killWhileStarting(round) : killUnderLoad(round))
      const before = new Set(witness.processes(platform))
      await platform.start()
      round.orphans = witness.processes(platform).filter((each) => before.has(each)).length
      done.push(round)
      onRound?.(round)
    }
    const drainedMs = await drain(platform, witness, accepted)
    return { rounds: done, ...(await judge(platform, witness, accepted, tasks)), drainedMs }
  } finally {
    await platform.stop()
    witness.remove()
  }
}

const within = (random: Random, msMax: number) => Math.floor(random.fraction() * msMax)

/** Waits until all is executed, or nothing has been for a while. */
async function drain(platform: TestPlatform, witness: Witness, accepted: ReadonlySet<string>): Promise<number> {
  const startedMs = performance.now()
  let progressMs = startedMs
  let missing = Infinity
  for (;;) {
    const executed = await witness.read(platform)
    const left = [...accepted].filter((id) => !executed.has(id)).length
    if (left < missing) progressMs = performance.now()
    missing = left
    if (left === 0 || performance.now() - progressMs > PATIENCE_MS) return Math.round(performance.now() - startedMs)
    await setTimeout(LOOK_INTERVAL_MS)
  }
}

async function judge(
  platform: TestPlatform,
  witness: Witness,
  accepted: ReadonlySet<string>,
  tasks: ReadonlySet<string>,
): Promise<Omit<SoakResult, 'rounds' | 'drainedMs'>> {
  const unfinishedTasks: string[] = []
  const deadlineMs = performance.now() + PATIENCE_MS
  for (const taskId of tasks) if (!(await succeeds(platform, taskId, deadlineMs))) unfinishedTasks.push(taskId)
  const executed = await witness.read(platform)
  const repeated = [...executed.values()].filter((times) => times > 1)
  return {
    accepted: accepted.size,
    lost: [...accepted].filter((id) => !executed.has(id)),
    unfinishedTasks,
    repeated: repeated.length,
    repeatedMost: Math.max(0, ...executed.values()),
    unanswered: [...executed.keys()].filter((id) => !accepted.has(id)).length,
  }
}

/** The state of a task is written just after its function has returned. */
async function succeeds(platform: TestPlatform, taskId: string, deadlineMs: number): Promise<boolean> {
  for (;;) {
    const answer = await platform.call('GET', `/2023-03-30/functions/worker/async-tasks/${taskId}`)
    if (answer.status !== 200) throw new Error(`the task ${taskId} cannot be read: ${answer.status} ${answer.text}`)
    if (answer.json()['status'] === 'Succeeded') return true
    if (performance.now() > deadlineMs) return false
    await setTimeout(LOOK_INTERVAL_MS)
  }
}
