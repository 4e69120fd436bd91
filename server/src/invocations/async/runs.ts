/** What is being run now, and what is to be stopped. */
import type { FunctionKey } from '../../model.ts'
import type { Delivery } from '../../queue/port.ts'
import type { Task } from '../port.ts'
import type { Attempt } from './attempt.ts'
import type { Hold } from './dispatcher.ts'
import type { Target } from './group.ts'
import type { InvocationAttributes } from './message.ts'
import type { Policy } from './policy.ts'

/** One message that is being worked on. */
export interface Run {
  readonly delivery: Delivery
  readonly hold: Hold
  readonly target: Target
  readonly attributes: InvocationAttributes
  readonly policy: Policy
  task: Task | null
  versionId: string
  attempt: Attempt | null
  isStopped: boolean
}

export class Runs {
  readonly #byMessage = new Map<string, Run>()
  readonly #byFunction = new Map<FunctionKey, Set<Run>>()
  /** Asked to stop while they were on their way here. */
  readonly #stopping = new Set<string>()

  add(run: Run): void {
    const { delivery, target } = run
    if (this.#stopping.delete(delivery.id)) run.isStopped = true
    this.#byMessage.set(delivery.id, run)
    const ofFunction = this.#byFunction.get(target.functionKey) ?? new Set<Run>()
    this.#byFunction.set(target.functionKey, ofFunction.add(run))
  }

  remove(run: Run): void {
    const { delivery, target } = run
    this.#byMessage.delete(delivery.id)
    const ofFunction = this.#byFunction.get(target.functionKey)!
    ofFunction.delete(run)
    if (ofFunction.size === 0) this.#byFunction.delete(target.functionKey)
  }

  all(): Run[] {
    return [...this.#byMessage.values()]
  }

  depthOf(functionKey: FunctionKey): number {
    let depth = 0
    for (const { attributes } of this.#byFunction.get(functionKey) ?? []) depth = Math.max(depth, attributes.depth)
    return depth
  }

  /** Marks it as stopped; undefined: it is not here, and is marked when it comes. */
  stop(messageId: string): Run | undefined {
    const run = this.#byMessage.get(messageId)
    if (run === undefined) this.#stopping.add(messageId)
    else run.isStopped = true
    return run
  }

  /** It will not come. */
  forget(messageId: string): void {
    this.#stopping.delete(messageId)
  }
}
