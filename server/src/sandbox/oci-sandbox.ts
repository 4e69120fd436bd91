/** One container, from its start until nothing of it is left. */
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import type { Clock, Timer } from '../clock.ts'
import { sendSignal } from './census.ts'
import type { Cgroup } from './cgroups.ts'
import type { KeeperExit } from './keeper.ts'
import { CHANNEL_PATH, CODE_PATH, LAYERS_PATH, TEMPORARY_PATH } from './oci-root.ts'
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

/** For output to arrive after the last process ended. */
const DRAIN_MS = 1000
/** Shells tell of a signal by this and its number. */
const SIGNAL_CODE = 128
/** What the sandbox's runtime does for it. */
export interface OciSandboxHost {
  /** Shows the folders at their places; null: the code is in the image. */
  show: ((folders: SandboxFolders) => Promise<void>) | null
  /** SIGKILL to all of it. */
  kill(): void
  exec(spec: ExecSpec): Promise<ExecProcess>
  /** Removes all that is left after the last process ended. */
  cleanUp(): Promise<void>
}

export interface OciSandboxParts {
  spec: Pick<SandboxSpec, 'id' | 'onOutput'>
  /** In the network of the sandboxes. */
  address: string
  cgroup: Cgroup
  output: { stdout: Readable; stderr: Readable }
  /** Resolves when the container's first process, and with it every other, has ended. */
  ended: Promise<KeeperExit>
  host: OciSandboxHost
  clock: Clock
}

export class OciSandbox implements Sandbox {
  readonly id: string
  readonly paths = { temporary: TEMPORARY_PATH, channel: CHANNEL_PATH }
  readonly address: string
  readonly sharesNetwork = false
  readonly exited: Promise<SandboxExit>
  readonly #parts: OciSandboxParts
  #isSpecialised = false
  #isFrozen = false
  #isEnded = false
  #outOfMemory = false
  #peakMemoryBytes = 0
  #killTimer: Timer | undefined

  constructor(parts: OciSandboxParts) {
    this.id = parts.spec.id
    this.address = parts.address
    this.#parts = parts
    const { output, spec, clock } = parts
    deliverOutput(output, (stream, chunk) => spec.onOutput(stream, chunk), clock)
    const drained = Promise.all([closed(output.stdout), closed(output.stderr)])
    this.exited = parts.ended.then((exit) => this.#onEnded(exit, drained))
  }

  async specialise(folders: SandboxFolders, limits: SandboxLimits): Promise<SandboxFolders> {
    const { show } = this.#parts.host
    if (show === null) return { code: CODE_PATH, layers: null }
    if (this.#isSpecialised) throw new Error(`sandbox ${this.id} has its code already`)
    if (this.#isEnded) throw new Error(`sandbox ${this.id} has ended`)
    await show(folders)
    this.#isSpecialised = true
    if (!this.#isEnded) this.#parts.cgroup.setLimits(limits)
    return { code: CODE_PATH, layers: folders.layers === null ? null : LAYERS_PATH }
  }

  freeze(): void {
    if (this.#isFrozen || this.#isEnded) return
    this.#parts.cgroup.setFrozen(true)
    this.#isFrozen = true
  }

  thaw(): void {
    if (!this.#isFrozen || this.#isEnded) return
    this.#isFrozen = false
    this.#parts.cgroup.setFrozen(false)
  }

  exec(spec: ExecSpec): Promise<ExecProcess> {
    if (this.#isEnded) return Promise.reject(new Error(`sandbox ${this.id} has ended`))
    return this.#parts.host.exec(spec)
  }

  stats(): SandboxStats | undefined {
    if (this.#isEnded) return undefined
    try {
      const { memoryBytes, cpuMs } = this.#parts.cgroup.usage()
      this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, memoryBytes)
      return { memoryBytes, peakMemoryBytes: this.#peakMemoryBytes, cpuMs }
    } catch {
      // It is just ending.
      return undefined
    }
  }

  /** Called regularly: where one process of several was killed for want of memory, the others go too. */
  enforceMemory(): void {
    if (this.#isEnded || this.#isFrozen || this.#outOfMemory || !this.#wasShortOfMemory()) return
    this.#outOfMemory = true
    this.#kill()
  }

  async stop(graceMs: number): Promise<void> {
    if (!this.#isEnded) {
      if (graceMs <= 0) this.#kill()
      else this.#terminate(graceMs)
    }
    await this.exited
  }

  #terminate(graceMs: number): void {
    for (const pid of this.#parts.cgroup.processes()) sendSignal(pid, 'SIGTERM')
    this.#tryThaw()
    this.#killTimer?.cancel()
    this.#killTimer = this.#parts.clock.setTimer(graceMs, () => this.#kill())
  }

  #kill(): void {
    if (this.#isEnded) return
    this.#parts.host.kill()
    // A frozen process dies only when it is thawed.
    this.#tryThaw()
  }

  #tryThaw(): void {
    try {
      this.thaw()
    } catch {
      // Its group is gone, and so is it.
    }
  }

  #wasShortOfMemory(): boolean {
    try {
      return this.#parts.cgroup.oomKills() > 0
    } catch {
      return false
    }
  }

  async #onEnded(exit: KeeperExit, drained: Promise<unknown>): Promise<SandboxExit> {
    const { cgroup, clock, output, host } = this.#parts
    this.stats()
    this.#outOfMemory ||= this.#wasShortOfMemory()
    if (this.#outOfMemory) this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, cgroup.peakBytes())
    this.#isEnded = true
    this.#killTimer?.cancel()
    cgroup.close()
    const timer = clock.setTimer(DRAIN_MS, () => {
      output.stdout.destroy()
      output.stderr.destroy()
    })
    await drained
    timer.cancel()
    await host.cleanUp()
    return { ...exitOf(exit), outOfMemory: this.#outOfMemory, peakMemoryBytes: this.#peakMemoryBytes }
  }
}

/** The container's first process is a shell, which passes on how the program ended in the way of shells. */
function exitOf({ code, signal }: KeeperExit): KeeperExit {
  const told = Object.entries(constants.signals).find(([, number]) => code === SIGNAL_CODE + number)
  return told === undefined ? { code, signal } : { code: null, signal: told[0] }
}

function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once('close', () => resolve()))
}
