/** One process tree that runs on the host as it is, from its start until nothing of it is left. */
import { statSync } from 'node:fs'
import { killProcess, sendSignal } from './census.ts'
import type { ProcessCensus } from './census.ts'
import type { Clock, Timer } from '../clock.ts'
import { spawnExec } from './exec.ts'
import { ProcessFreezer } from './freezer.ts'
import { limited } from './launch.ts'
import type { Child } from './launch.ts'
import { deliverOutput } from './output.ts'
import type {
  ExecProcess,
  ExecSpec,
  Sandbox,
  SandboxExit,
  SandboxFolders,
  SandboxLimits,
  SandboxSpec,
  SandboxStats,
} from './port.ts'
import { ProcessProbe, readPrivateBytes } from './proc.ts'
import type { ProcessInfo } from './proc.ts'
import { removeFolder } from './remove-folder.ts'
import { problemOf } from './spec-check.ts'

/** Between two looks for what is left of a killed tree. */
const STRAGGLER_PAUSE_MS = 5
/** Then the rest is given up; only a process that hangs inside the kernel lives so long. */
const STRAGGLER_LOOKS_MAX = 400
/** For output to arrive after the last process ended; longer only when a process that nothing leads to holds the pipe. */
const DRAIN_MS = 1000
/** Programs look up what the terminal can do by it. */
const TERMINAL_KIND = 'xterm-256color'

export interface ProcessSandboxParts {
  spec: SandboxSpec
  /** Of the program, whole. */
  environment: Readonly<Record<string, string>>
  child: Child
  /** Everything of this sandbox on disk. */
  folder: string
  paths: Sandbox['paths']
  census: ProcessCensus
  clock: Clock
}

export class ProcessSandbox implements Sandbox {
  readonly id: string
  readonly paths: Sandbox['paths']
  readonly address = '127.0.0.1'
  readonly sharesNetwork = true
  readonly exited: Promise<SandboxExit>
  readonly #parts: ProcessSandboxParts
  readonly #probe: ProcessProbe | undefined
  readonly #freezer: ProcessFreezer
  /** Leaders of the sessions that `exec` made. */
  readonly #guests = new Set<number>()
  #limits: SandboxLimits
  #codeFolder: string | undefined
  #killTimer: Timer | undefined
  #ended = false
  #outOfMemory = false
  #peakMemoryBytes = 0
  /** Members of the tree besides the first process, as of the last look. */
  #others: readonly ProcessInfo[] = []

  constructor(parts: ProcessSandboxParts) {
    const { spec, child, census, clock } = parts
    this.id = spec.id
    this.paths = parts.paths
    this.#parts = parts
    this.#limits = spec.limits
    this.#freezer = new ProcessFreezer(spec.id, child.pid, census)
    this.#probe = openProbe(child.pid)
    census.register(spec.id, child.pid)
    deliverOutput(child, (stream, chunk) => spec.onOutput(stream, chunk), clock)
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ended = true
        void this.#cleanUp(closed).then(() =>
          resolve({ code, signal, outOfMemory: this.#outOfMemory, peakMemoryBytes: this.#peakMemoryBytes }),
        )
      })
    })
  }

  /** With the pid, names the first process for `recover`; undefined where there is no /proc. */
  get startTicks(): number | undefined {
    return this.#probe?.info()?.startTicks
  }

  /** Without a view of the file system of its own the program sees the folders where the host has them. */
  async specialise(folders: SandboxFolders, limits: SandboxLimits): Promise<SandboxFolders> {
    if (this.#ended) throw new Error('cannot specialise the sandbox: it has ended')
    if (this.#codeFolder !== undefined) throw new Error('cannot specialise the sandbox: it has its code already')
    const absent = [folders.code, folders.layers].find((folder) => folder !== null && !isFolder(folder))
    if (absent) throw new Error(`cannot specialise the sandbox: the folder ${absent} does not exist`)
    this.#codeFolder = folders.code
    this.#limits = limits
    return folders
  }

  freeze(): void {
    if (!this.#ended) this.#freezer.freeze(this.#others)
  }

  thaw(): void {
    if (!this.#ended) this.#freezer.thaw()
  }

  async exec({ command, terminal }: ExecSpec): Promise<ExecProcess> {
    const { environment, census, paths, spec } = this.#parts
    const problem = this.#ended
      ? 'the sandbox has ended'
      : this.#freezer.isFrozen
        ? 'the sandbox is frozen'
        : problemOf({ command, environment })
    if (problem !== null) throw new Error(`cannot run the program: ${problem}`)
    const guest = await spawnExec(limited(command, spec.limits, environment), {
      terminal,
      cwd: this.#codeFolder ?? paths.temporary,
      env: terminal ? { TERM: TERMINAL_KIND, ...environment } : environment,
    })
    this.#guests.add(guest.pid)
    census.register(this.id, guest.pid)
    void guest.exited.then(() => {
      this.#guests.delete(guest.pid)
      census.forget(guest.pid)
    })
    return guest
  }

  stats(): SandboxStats | undefined {
    const own = this.#ended ? undefined : this.#probe?.memory()
    if (own === undefined) return undefined
    const memoryBytes = this.#note(own.residentBytes)
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, own.peakBytes)
    const cpuMs = this.#others.reduce((sum, other) => sum + other.cpuMs, this.#probe?.info()?.cpuMs ?? 0)
    return { memoryBytes, peakMemoryBytes: this.#peakMemoryBytes, cpuMs }
  }

  /** Ends the sandbox when it has used more memory than it may; called by the runtime's sampler. */
  enforceMemory(): void {
    const residentBytes = this.#ended || this.#freezer.isFrozen ? undefined : this.#probe?.residentBytes()
    if (residentBytes === undefined) return
    this.#note(residentBytes)
    // The peak also tells of what was used and given back between two samples, once `stats` has read it.
    if (this.#peakMemoryBytes <= this.#limits.memoryBytes) return
    this.#outOfMemory = true
    this.#kill()
  }

  /** Takes note of the tree; ends the sandbox when it has more processes and threads than it may. */
  enforceTree(members: readonly ProcessInfo[]): void {
    if (this.#ended) return
    this.#others = members.filter(({ pid }) => pid !== this.#parts.child.pid)
    const { spec } = this.#parts
    const tasks = members.reduce((sum, { threads }) => sum + threads, 0)
    if (tasks <= this.#limits.processes) return
    const reason = `the instance was ended: it had ${tasks} processes and threads, its limit is ${this.#limits.processes}\n`
    spec.onOutput('stderr', Buffer.from(reason))
    this.#kill()
  }

  async stop(graceMs: number): Promise<void> {
    if (!this.#ended) {
      if (graceMs <= 0) this.#kill()
      else this.#terminate(graceMs)
    }
    await this.exited
  }

  #terminate(graceMs: number): void {
    this.#freezer.thaw()
    sendSignal(-this.#parts.child.pid, 'SIGTERM')
    for (const { pid, session } of this.#others) if (session !== this.#parts.child.pid) sendSignal(pid, 'SIGTERM')
    for (const pid of this.#guests) sendSignal(-pid, 'SIGTERM')
    this.#killTimer?.cancel()
    this.#killTimer = this.#parts.clock.setTimer(graceMs, () => this.#kill())
  }

  #kill(): void {
    if (!this.#ended) sendSignal(-this.#parts.child.pid, 'SIGKILL')
  }

  /** Adds the others to the memory of the first process, and keeps the most there was. */
  #note(residentBytes: number): number {
    const memoryBytes = this.#others.reduce((sum, { pid }) => sum + readPrivateBytes(pid), residentBytes)
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, memoryBytes)
    return memoryBytes
  }

  async #cleanUp(closed: Promise<void>): Promise<void> {
    const { child, census, clock, folder } = this.#parts
    this.#killTimer?.cancel()
    this.#probe?.close()
    // What is left of the group; the group keeps the pid from being given to others, and without a group this does nothing.
    sendSignal(-child.pid, 'SIGKILL')
    await this.#killStragglers()
    census.forget(child.pid)
    const drain = clock.setTimer(DRAIN_MS, () => {
      child.stdout.destroy()
      child.stderr.destroy()
    })
    await closed
    drain.cancel()
    // What cannot be removed now (a full or failing disk) is removed by `recover` at the next start.
    await removeFolder(folder).catch(() => {})
  }

  async #killStragglers(): Promise<void> {
    const { census, clock } = this.#parts
    for (let looks = 0; looks < STRAGGLER_LOOKS_MAX; looks++) {
      const left = (await census.take()).get(this.id)
      if (left === undefined) return
      for (const straggler of left) killProcess(straggler)
      await new Promise<void>((resolve) => clock.setTimer(STRAGGLER_PAUSE_MS, resolve))
    }
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function openProbe(pid: number): ProcessProbe | undefined {
  try {
    return new ProcessProbe(pid)
  } catch {
    return undefined
  }
}
