/** Asynchronous calls, some of them delayed, some of them tasks: everything that was answered 202 must be executed. */
import { setTimeout } from 'node:timers/promises'
import type { Random } from '../../src/clock.ts'
import type { TestPlatform } from '../support/platform.ts'
import { LOOK_INTERVAL_MS, PATIENCE_MS } from './patience.ts'
import type { Round } from './round.ts'
import type { Witness } from './witness.ts'

const WORK_MS_MAX = 40
/** Of the invocations, so many are delayed, and so many are tasks. */
const DELAYED_SHARE = 0.1
const TASK_SHARE = 0.2

export interface CallsResult {
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
}

export class Calls {
  readonly #platform: TestPlatform
  readonly #witness: Witness
  readonly #chance: Random
  readonly #accepted = new Set<string>()
  readonly #tasks = new Set<string>()

  constructor(platform: TestPlatform, witness: Witness, chance: Random) {
    this.#platform = platform
    this.#witness = witness
    this.#chance = chance
  }

  async prepare(): Promise<void> {
    const handler = `exports.handler = async (event, context) => {
      await new Promise((resolve) => setTimeout(resolve, Number(event.toString())))
      ${this.#witness.leave("'call/' + context.requestId")}
    }`
    await this.#platform.deploy('worker', { 'index.js': handler }, this.#witness.functionFields)
  }

  /** One caller, until the platform is gone. */
  async call(round: Round): Promise<void> {
    for (;;) {
      const isTask = this.#chance.fraction() < TASK_SHARE
      const taskId = `t${this.#chance.bytes(8).toString('hex')}`
      const headers = {
        'x-fc-invocation-type': 'Async',
        ...(isTask ? { 'x-fc-async-task-id': taskId } : {}),
        ...(this.#chance.fraction() < DELAYED_SHARE ? { 'x-fc-async-delay': '1' } : {}),
      }
      const workMs = Math.floor(this.#chance.fraction() * WORK_MS_MAX)
      const answer = await this.#platform.invoke('worker', String(workMs), headers).catch(() => null)
      if (answer === null) return
      if (answer.status !== 202) {
        round.refused++
        continue
      }
      this.#accepted.add(String(answer.headers['x-fc-request-id']))
      if (isTask) this.#tasks.add(taskId)
      round.accepted++
    }
  }

  async missing(): Promise<string[]> {
    return missingOf(this.#accepted, await this.#witness.read(this.#platform, 'call/'))
  }

  async judge(): Promise<CallsResult> {
    const unfinishedTasks: string[] = []
    const deadlineMs = performance.now() + PATIENCE_MS
    for (const taskId of this.#tasks) if (!(await this.#succeeds(taskId, deadlineMs))) unfinishedTasks.push(taskId)
    const executed = await this.#witness.read(this.#platform, 'call/')
    return {
      accepted: this.#accepted.size,
      lost: missingOf(this.#accepted, executed),
      unfinishedTasks,
      repeated: [...executed.values()].filter((times) => times > 1).length,
      repeatedMost: Math.max(0, ...executed.values()),
      unanswered: [...executed.keys()].filter((id) => !this.#accepted.has(id)).length,
    }
  }

  /** The state of a task is written just after its function has returned. */
  async #succeeds(taskId: string, deadlineMs: number): Promise<boolean> {
    for (;;) {
      const answer = await this.#platform.call('GET', `/2023-03-30/functions/worker/async-tasks/${taskId}`)
      if (answer.status !== 200) throw new Error(`the task ${taskId} cannot be read: ${answer.status} ${answer.text}`)
      if (answer.json()['status'] === 'Succeeded') return true
      if (performance.now() > deadlineMs) return false
      await setTimeout(LOOK_INTERVAL_MS)
    }
  }
}

const missingOf = (ids: ReadonlySet<string>, executed: ReadonlyMap<string, number>) =>
  [...ids].filter((id) => !executed.has(id))
