/** What is known of each group without asking storage: how much it holds, and when something in it is due next. */
import { FcError } from '../errors.ts'
import type { QueueOpened, Removed, Returned, Waiting } from './messages.ts'
import type { GroupStats } from './port.ts'

/** Of the bounds that one group may use up, so that one flooded function leaves room for the others. */
const GROUP_SHARE_MAX = 0.5

export interface QueueBounds {
  /** Messages in the queue, waiting and in flight. */
  messagesMax: number
  /** Their bodies together. */
  bodyBytesMax: number
}

interface Group extends Waiting {
  waiting: number
  inFlight: number
  bodyBytes: number
  /** On their way into storage. */
  entering: number
  enteringBytes: number
  /** It is known that something is due. */
  isTold: boolean
}

const NOTHING_WAITS: Waiting = { nextDueMs: Infinity, oldestEnqueuedMs: Infinity }

/** Times are queue time. Changes are told in the order in which storage made them. */
export class Groups {
  readonly #bounds: QueueBounds
  readonly #groups = new Map<string, Group>()
  #messages = 0
  #bodyBytes = 0

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds
  }

  /** Storage was opened, and all that it holds waits. What is on its way into it still is. */
  reset(opened: QueueOpened): void {
    for (const group of this.#groups.values()) {
      Object.assign(group, NOTHING_WAITS, { waiting: 0, inFlight: 0, bodyBytes: 0, isTold: false })
    }
    for (const { group: name, waiting, bodyBytes, nextDueMs, oldestEnqueuedMs } of opened.groups) {
      Object.assign(this.#of(name), { waiting, bodyBytes, nextDueMs, oldestEnqueuedMs })
    }
    this.#messages = 0
    this.#bodyBytes = 0
    for (const [name, group] of this.#groups) {
      this.#messages += sizeOf(group)
      this.#bodyBytes += group.bodyBytes + group.enteringBytes
      this.#forgetEmpty(name, group)
    }
  }

  /** A message is on its way into storage; throws FcError ResourceThrottled when there is no room for it. */
  admit(name: string, bodyBytes: number): void {
    const { messagesMax, bodyBytesMax } = this.#bounds
    const group = this.#of(name)
    const isFull = this.#messages >= messagesMax || this.#bodyBytes + bodyBytes > bodyBytesMax
    const groupBytes = group.bodyBytes + group.enteringBytes + bodyBytes
    const groupIsFull = sizeOf(group) >= messagesMax * GROUP_SHARE_MAX || groupBytes > bodyBytesMax * GROUP_SHARE_MAX
    if (isFull || groupIsFull) {
      this.#forgetEmpty(name, group)
      const subject = groupIsFull ? 'the function has too many asynchronous invocations' : 'too many wait'
      throw new FcError('ResourceThrottled', `${subject}: the queue keeps ${messagesMax} and ${bodyBytesMax} bytes`)
    }
    group.entering++
    group.enteringBytes += bodyBytes
    this.#messages++
    this.#bodyBytes += bodyBytes
  }

  /** It could not be stored. */
  turnedAway(name: string, bodyBytes: number): void {
    const group = this.#of(name)
    group.entering--
    group.enteringBytes -= bodyBytes
    this.#messages--
    this.#bodyBytes -= bodyBytes
    this.#forgetEmpty(name, group)
  }

  entered(name: string, bodyBytes: number, dueMs: number, enqueuedMs: number): void {
    const group = this.#of(name)
    group.entering--
    group.enteringBytes -= bodyBytes
    group.bodyBytes += bodyBytes
    this.#waits(group, dueMs, enqueuedMs)
  }

  /** `askedMs`: what was due then was taken, as far as it was wanted. */
  received(name: string, count: number, waiting: Waiting | null, askedMs: number): void {
    const group = this.#of(name)
    group.waiting -= count
    group.inFlight += count
    Object.assign(group, waiting ?? NOTHING_WAITS)
    group.isTold = group.nextDueMs <= askedMs
    this.#forgetEmpty(name, group)
  }

  returned({ group: name, nextDueMs, oldestEnqueuedMs }: Returned): void {
    const group = this.#of(name)
    group.inFlight--
    this.#waits(group, nextDueMs, oldestEnqueuedMs)
  }

  removed({ group: name, bodyBytes, wasInFlight, waiting }: Removed): void {
    const group = this.#of(name)
    if (wasInFlight) group.inFlight--
    else {
      group.waiting--
      Object.assign(group, waiting ?? NOTHING_WAITS)
    }
    group.bodyBytes -= bodyBytes
    this.#messages--
    this.#bodyBytes -= bodyBytes
    this.#forgetEmpty(name, group)
  }

  /** When something in the group is due of which nobody was told: now (then it counts as told), later, or Infinity. */
  takeDue(name: string, nowMs: number): number {
    const group = this.#groups.get(name)
    if (group === undefined || group.isTold) return Infinity
    if (group.nextDueMs <= nowMs) group.isTold = true
    return group.nextDueMs
  }

  names(): string[] {
    return [...this.#groups.keys()]
  }

  namesOfDue(nowMs: number): string[] {
    return this.names().filter((name) => this.#groups.get(name)!.nextDueMs <= nowMs)
  }

  stats(toWallMs: (queueMs: number) => number): GroupStats[] {
    return [...this.#groups].map(([group, { waiting, inFlight, oldestEnqueuedMs, bodyBytes }]) => ({
      ...{ group, waiting, inFlight, bodyBytes },
      oldestEnqueuedMs: oldestEnqueuedMs === Infinity ? null : toWallMs(oldestEnqueuedMs),
    }))
  }

  #waits(group: Group, dueMs: number, enqueuedMs: number): void {
    group.waiting++
    group.nextDueMs = Math.min(group.nextDueMs, dueMs)
    group.oldestEnqueuedMs = Math.min(group.oldestEnqueuedMs, enqueuedMs)
    group.isTold = false
  }

  #of(name: string): Group {
    let group = this.#groups.get(name)
    if (group === undefined) {
      const empty = { waiting: 0, inFlight: 0, bodyBytes: 0, entering: 0, enteringBytes: 0, isTold: false }
      this.#groups.set(name, (group = { ...empty, ...NOTHING_WAITS }))
    }
    return group
  }

  #forgetEmpty(name: string, group: Group): void {
    if (sizeOf(group) === 0) this.#groups.delete(name)
  }
}

function sizeOf({ waiting, inFlight, entering }: Group): number {
  return waiting + inFlight + entering
}
