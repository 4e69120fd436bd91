/** The `process` sandbox: a child process with resource limits, on any system. It isolates nothing and says so. */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import { ProcessCensus } from './census.ts'
import { launch } from './launch.ts'
import type { Sandbox, SandboxRuntime, SandboxSpec } from './port.ts'
import { ProcessSandbox } from './process-sandbox.ts'
import { isSandboxId, recoverSandboxes, writePidFile } from './recover.ts'
import { removeFolder } from './remove-folder.ts'

/** Memory of the first process of each sandbox; a few microseconds each. */
const MEMORY_SAMPLE_MS = 100
/** Samples of memory between two looks at all processes of the host, which finds the other members of the trees. */
const SAMPLES_PER_CENSUS = 10

const NOTICE =
  'Functions run as plain child processes of the platform, as its user: they are limited, not isolated. They can read ' +
  'the files of that user, reach every network that the host reaches, and see other functions. ' +
  'Run only code that you trust.'
const NOTICE_WITHOUT_PROC = ' On this system memory is neither measured nor limited.'

export interface ProcessSandboxOptions {
  /** Belongs to this runtime alone; made when absent. Temporary folders of sandboxes lie in it. */
  directory: string
}

/**
 * Processes run as the platform's own user, also when that is root. An unprivileged user would have to reach the
 * interpreter, the code, the channel's socket and later (for sandboxes made before their function) more code, all of which
 * usually lie below a folder that only the platform's user may enter; and it would look like the isolation that this kind
 * does not give.
 */
export function createProcessSandboxRuntime(options: ProcessSandboxOptions, deps: { clock: Clock }): SandboxRuntime {
  return new ProcessSandboxRuntime(resolve(options.directory), deps.clock)
}

class ProcessSandboxRuntime implements SandboxRuntime {
  readonly kind = 'process'
  readonly notice = process.platform === 'linux' ? NOTICE : NOTICE + NOTICE_WITHOUT_PROC
  readonly folders = null
  readonly platformHost = 'localhost'
  readonly platformAddress = null
  readonly #directory: string
  readonly #clock: Clock
  readonly #census: ProcessCensus
  readonly #live = new Map<string, ProcessSandbox>()
  readonly #starting = new Set<string>()
  #sampling = false
  #samples = 0
  #closed = false

  constructor(directory: string, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
    this.#census = new ProcessCensus(directory)
  }

  async create(spec: SandboxSpec): Promise<Sandbox> {
    const { id } = spec
    if (!isSandboxId(id)) throw new Error('cannot start the sandbox: its id must be "c-" and hex digits')
    if (this.#live.has(id) || this.#starting.has(id)) throw new Error(`cannot start the sandbox: ${id} exists already`)
    this.#starting.add(id)
    try {
      const sandbox = await this.#start(spec, join(this.#directory, id))
      this.#live.set(id, sandbox)
      void sandbox.exited.then(() => this.#live.delete(id))
      if (!this.#sampling) this.#scheduleSample()
      if (this.#closed) await sandbox.stop(0)
      return sandbox
    } finally {
      this.#starting.delete(id)
    }
  }

  async #start(spec: SandboxSpec, folder: string): Promise<ProcessSandbox> {
    if (this.#closed) throw new Error('cannot start the sandbox: the platform is stopping')
    const temporary = join(folder, 'tmp')
    await mkdir(temporary, { recursive: true, mode: 0o700 })
    try {
      const paths = { temporary, channel: spec.channelSocket }
      const environment = { ...spec.environment, SLUICE_CHANNEL: paths.channel, TMPDIR: temporary }
      const child = await launch(spec, environment, temporary)
      const parts = { spec, environment, child, folder, paths, census: this.#census, clock: this.#clock }
      const sandbox = new ProcessSandbox(parts)
      await rememberProcess(sandbox, folder, child.pid)
      return sandbox
    } catch (error) {
      await removeFolder(folder)
      throw error
    }
  }

  async recover(): Promise<number> {
    return (await recoverSandboxes(this.#directory)).size
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#live.values()].map((sandbox) => sandbox.stop(0)))
  }

  /** One timer for all, and only while there are sandboxes. */
  #scheduleSample(): void {
    this.#sampling = this.#live.size > 0
    if (this.#sampling) this.#clock.setTimer(MEMORY_SAMPLE_MS, () => this.#sample())
  }

  #sample(): void {
    for (const sandbox of this.#live.values()) sandbox.enforceMemory()
    if (++this.#samples % SAMPLES_PER_CENSUS === 0) void this.#takeCensus()
    this.#scheduleSample()
  }

  async #takeCensus(): Promise<void> {
    const members = await this.#census.take()
    for (const sandbox of this.#live.values()) sandbox.enforceTree(members.get(sandbox.id) ?? [])
  }
}

/** A sandbox that `recover` could not find must not run. */
async function rememberProcess(sandbox: ProcessSandbox, folder: string, pid: number): Promise<void> {
  try {
    const { startTicks } = sandbox
    if (startTicks !== undefined) writePidFile(folder, pid, startTicks)
  } catch (error) {
    await sandbox.stop(0)
    throw error
  }
}
