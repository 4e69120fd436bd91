/** Stops a process tree from running, and lets it run again, by signals: what a system without cgroups offers. */
import { sendSignal } from './census.ts'
import type { ProcessCensus } from './census.ts'
import { readProcess } from './proc.ts'
import type { ProcessInfo } from './proc.ts'

/** Looks for processes that were not stopped yet; a tree that forks faster than that stays half stopped. */
const LOOKS_MAX = 20

export class ProcessFreezer {
  readonly #id: string
  readonly #leaderPid: number
  readonly #census: ProcessCensus
  /** Start times of what was stopped, by pid; null while the tree runs. */
  #stopped: Map<number, number> | null = null

  constructor(id: string, leaderPid: number, census: ProcessCensus) {
    this.#id = id
    this.#leaderPid = leaderPid
    this.#census = census
  }

  get isFrozen(): boolean {
    return this.#stopped !== null
  }

  /** Stops the group of the first process and `members` at once, and what else belongs to the tree as soon as it is found. */
  freeze(members: readonly ProcessInfo[]): void {
    if (this.#stopped !== null) return
    const stopped = new Map<number, number>()
    this.#stopped = stopped
    sendSignal(-this.#leaderPid, 'SIGSTOP')
    for (const member of members) stop(member, stopped)
    void this.#stopRest(stopped)
  }

  thaw(): void {
    if (this.#stopped === null) return
    for (const [pid, startTicks] of this.#stopped) {
      if (readProcess(pid)?.startTicks === startTicks) sendSignal(pid, 'SIGCONT')
    }
    this.#stopped = null
    sendSignal(-this.#leaderPid, 'SIGCONT')
  }

  /** What is stopped makes no more processes, so a look that finds nothing new has found all. */
  async #stopRest(stopped: Map<number, number>): Promise<void> {
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const members = (await this.#census.take()).get(this.#id) ?? []
      if (this.#stopped !== stopped) return
      const found = members.filter(({ pid, startTicks }) => stopped.get(pid) !== startTicks)
      if (found.length === 0) return
      for (const member of found) stop(member, stopped)
    }
  }
}

function stop(member: ProcessInfo, stopped: Map<number, number>): void {
  if (readProcess(member.pid)?.startTicks !== member.startTicks) return
  sendSignal(member.pid, 'SIGSTOP')
  stopped.set(member.pid, member.startTicks)
}
