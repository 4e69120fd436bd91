/**
 * Which processes of the host belong to which sandbox. A process belongs to one when it is in the session of the
 * sandbox's first process, when its parent belongs to it, when it was seen to belong before, or when it was started with
 * the sandbox's TMPDIR. So a daemon that left its session is found too; only one that leaves the session, loses its
 * parents and clears its environment between two looks is not, and for that there is the `oci` sandbox.
 */
import { sep } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { listPids, readEnvironment, readProcess } from './proc.ts'
import type { ProcessInfo } from './proc.ts'

/** A look at the whole host gives way to the event loop after so many processes (about half a millisecond). */
const PROCESSES_PER_SLICE = 48
/** The environment of a stranger is read on two looks: between fork and exec it is its parent's, or empty. */
const ENVIRONMENT_LOOKS = 2

interface Known {
  startTicks: number
  owner: string | undefined
  looks: number
}

export type Members = ReadonlyMap<string, readonly ProcessInfo[]>

export class ProcessCensus {
  /** Temporary folders of sandboxes start with it; the name after it is the sandbox's id. */
  readonly #marker: string
  readonly #leaders = new Map<number, string>()
  #known = new Map<number, Known>()
  #underway: Promise<unknown> = Promise.resolve()
  #next: Promise<Members> | undefined

  constructor(directory: string) {
    this.#marker = `TMPDIR=${directory}${sep}`
  }

  register(id: string, leaderPid: number): void {
    this.#leaders.set(leaderPid, id)
  }

  forget(leaderPid: number): void {
    this.#leaders.delete(leaderPid)
  }

  /** The living processes of each sandbox, by a look that begins after the call; calls at one time share it. */
  take(): Promise<Members> {
    this.#next ??= this.#underway.then(() => {
      this.#next = undefined
      const look = this.#look()
      this.#underway = look
      return look
    })
    return this.#next
  }

  async #look(): Promise<Members> {
    const processes = new Map<number, ProcessInfo>()
    let count = 0
    for (const pid of listPids()) {
      const info = readProcess(pid)
      if (info !== undefined) processes.set(pid, info)
      if (++count % PROCESSES_PER_SLICE === 0) await setImmediate()
    }
    const known = new Map<number, Known>()
    const members = new Map<string, ProcessInfo[]>()
    for (const info of processes.values()) {
      const owner = this.#ownerOf(info, processes, known)
      if (owner === undefined) continue
      const list = members.get(owner)
      if (list === undefined) members.set(owner, [info])
      else list.push(info)
    }
    this.#known = known
    return members
  }

  #ownerOf(
    info: ProcessInfo,
    processes: ReadonlyMap<number, ProcessInfo>,
    known: Map<number, Known>,
  ): string | undefined {
    const settled = known.get(info.pid)
    if (settled !== undefined) return settled.owner
    const before = this.#known.get(info.pid)
    const entry: Known =
      before?.startTicks === info.startTicks
        ? { ...before }
        : { startTicks: info.startTicks, owner: undefined, looks: 0 }
    known.set(info.pid, entry)
    entry.owner ??= this.#leaders.get(info.session)
    if (entry.owner === undefined && info.parent > 1) {
      const parent = processes.get(info.parent)
      if (parent !== undefined) entry.owner = this.#ownerOf(parent, processes, known)
    }
    if (entry.owner === undefined && entry.looks < ENVIRONMENT_LOOKS) {
      entry.looks++
      entry.owner = this.#ownerByEnvironment(info.pid)
    }
    return entry.owner
  }

  #ownerByEnvironment(pid: number): string | undefined {
    const setting = readEnvironment(pid)?.find((entry) => entry.startsWith(this.#marker))
    return setting?.slice(this.#marker.length).split(sep)[0]
  }
}

/** Kills it, unless the pid by now belongs to another process. */
export function killProcess({ pid, startTicks }: { pid: number; startTicks: number }): void {
  if (pid > 1 && pid !== process.pid && readProcess(pid)?.startTicks === startTicks) sendSignal(pid, 'SIGKILL')
}

/** Negative pids name process groups, as for kill(2). A process that is gone, or not ours, is none of our business. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // ESRCH, EPERM
  }
}
