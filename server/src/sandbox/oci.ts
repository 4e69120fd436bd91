/**
 * Sandboxes made by an OCI runtime (crun, runc): own namespaces, limits by control groups, an unprivileged user without
 * capabilities, a read-only root, a seccomp filter, a network of its own behind the platform's firewall.
 */
import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Clock, Random } from '../clock.ts'
import { findCgroups, killGroups, removeGroups } from './cgroups.ts'
import { bridgeName, networksInUse, planNetwork } from './network-plan.ts'
import { PLATFORM_NAME } from './dns-message.ts'
import { SYSTEM_ENVIRONMENT } from './keeper.ts'
import { startContainer } from './oci-container.ts'
import { OciHost, type OciHostOptions, type OciProgram } from './oci-host.ts'
import { CODE_PATH, LAYERS_PATH } from './oci-root.ts'
import { startImageContainer } from './oci-image-container.ts'
import type { OciSandbox } from './oci-sandbox.ts'
import { NotRunnable, type ImageSandboxSpec, type Sandbox, type SandboxRuntime, type SandboxSpec } from './port.ts'
import { isSandboxId, recoverSandboxes } from './recover.ts'
import { problemOf, textProblemOf } from './spec-check.ts'

/** An OCI runtime takes some 10 to 30 ms to make a container. */
const START_MS_MAX = 10_000
/** Between two looks for what ran out of memory. */
const MEMORY_SAMPLE_MS = 100
/** For processes that nobody watches any more to be gone after they were killed. */
const RECOVER_MS_MAX = 5000
const RECOVER_LOOK_MS = 5
/** For `ip` to list the host's routes, of which a router has many. */
const ROUTES_MS_MAX = 10_000
const ROUTES_BYTES_MAX = 64 * 1024 * 1024

export interface OciOptions {
  program: OciProgram
  /** Program of the keeper. */
  python: string
  cniFolder: string
  /** Folders of sandboxes; of this runtime alone. */
  directory: string
  /** What outlives a sandbox: roots, disk templates, leases; of this runtime alone. */
  stateDirectory: string
  /** Ports of the platform that sandboxes may reach. */
  platformPorts: readonly number[]
  /** For the OCI runtime to make a container, and again to remove it. */
  startMsMax?: number
}

export interface OciDeps {
  clock: Clock
  random: Random
  /** Hears what an operator should know. */
  notify(message: string): void
}

/**
 * Rejects with the reason when this machine cannot have such sandboxes. `recover` is to be called before the first
 * `create`, and rejects for such reasons too.
 */
export async function createOciSandboxRuntime(options: OciOptions, deps: OciDeps): Promise<SandboxRuntime> {
  const stateDirectory = resolve(options.stateDirectory)
  const cgroups = findCgroups(readFileSync('/proc/mounts', 'utf8'))
  if (cgroups === null) throw new Error('the control groups memory, pids, cpu and freezer are not all mounted')
  const id = createHash('sha256').update(stateDirectory).digest('hex')
  const { stdout: routes } = await promisify(execFile)('ip', ['-json', 'route', 'show', 'table', 'all'], {
    env: SYSTEM_ENVIRONMENT,
    timeout: ROUTES_MS_MAX,
    maxBuffer: ROUTES_BYTES_MAX,
  })
  const network = planNetwork(id, networksInUse(routes, bridgeName(id)))
  if (network === null) throw new Error('no free network was found between 10.128.0.0 and 10.255.255.255')
  return new OciSandboxRuntime(resolve(options.directory), deps, {
    ...options,
    startMsMax: options.startMsMax ?? START_MS_MAX,
    ...{ stateDirectory, cgroups, network, cgroupParent: network.name },
  })
}

/** The folder exists and is empty. */
type StartSandbox = (host: OciHost, folder: string) => Promise<OciSandbox>

class OciSandboxRuntime implements SandboxRuntime {
  readonly kind = 'oci'
  readonly notice = null
  readonly folders = { code: CODE_PATH, layers: LAYERS_PATH }
  readonly platformHost = PLATFORM_NAME
  readonly platformAddress: string
  readonly #directory: string
  readonly #deps: OciDeps
  readonly #clock: Clock
  readonly #options: Omit<OciHostOptions, 'onLost'>
  readonly #live = new Map<string, OciSandbox>()
  readonly #starting = new Set<string>()
  #host: Promise<OciHost> | null = null
  /** Resolves when nothing is left of a host whose keeper was lost. */
  #cleared: Promise<unknown> = Promise.resolve()
  #sampling = false
  #isClosed = false

  constructor(directory: string, deps: OciDeps, options: Omit<OciHostOptions, 'onLost'>) {
    this.#directory = directory
    this.#deps = deps
    this.#clock = deps.clock
    this.#options = options
    this.platformAddress = options.network.gateway
  }

  create(spec: SandboxSpec): Promise<Sandbox> {
    const problem = problemOf(spec)
    return this.#create(spec.id, problem, (host, folder) => startContainer(host, spec, folder, this.#clock))
  }

  createFromImage(spec: ImageSandboxSpec): Promise<Sandbox> {
    const problem = textProblemOf(spec)
    return this.#create(spec.id, problem, (host, folder) => startImageContainer(host, spec, folder, this.#clock))
  }

  async #create(id: string, problem: string | null, start: StartSandbox): Promise<Sandbox> {
    try {
      if (problem !== null) throw new Error(problem)
      return await this.#start(id, start)
    } catch (error) {
      if (error instanceof NotRunnable) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`cannot start the sandbox: ${reason}`, { cause: error })
    }
  }

  async #start(id: string, start: StartSandbox): Promise<Sandbox> {
    if (!isSandboxId(id)) throw new Error('its id must be "c-" and hex digits')
    if (this.#live.has(id) || this.#starting.has(id)) throw new Error(`${id} exists already`)
    if (this.#isClosed) throw new Error('the platform is stopping')
    this.#starting.add(id)
    const folder = join(this.#directory, id)
    try {
      const host = await this.#open()
      await mkdir(folder, { mode: 0o700 })
      const sandbox = await start(host, folder)
      this.#live.set(id, sandbox)
      void sandbox.exited.then(() => this.#live.delete(id))
      if (!this.#sampling) this.#scheduleSample()
      if (this.#isClosed) await sandbox.stop(0)
      return sandbox
    } finally {
      this.#starting.delete(id)
    }
  }

  async recover(): Promise<number> {
    await this.#closeHost()
    const ended = await this.#endGroups()
    // The platform before may have had process sandboxes, which are found by their files.
    const found = await recoverSandboxes(this.#directory)
    await this.#open()
    return ended.union(found).size
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#live.values()].map((sandbox) => sandbox.stop(0)))
    await this.#closeHost()
    await this.#endGroups().catch(() => {})
  }

  /** What all sandboxes share is made when it is needed, and again after the keeper was lost. */
  #open(): Promise<OciHost> {
    if (this.#host !== null) return this.#host
    const host = this.#openHost()
    this.#host = host
    host.catch(() => {
      // By then another may have its place.
      if (this.#host === host) this.#host = null
    })
    return host
  }

  async #openHost(): Promise<OciHost> {
    await this.#cleared
    return OciHost.open({ ...this.#options, onLost: (reason) => this.#onLost(reason) }, this.#deps)
  }

  /** Nobody watches the sandboxes any more: they end, and the next one waits for that. */
  #onLost(reason: Error): void {
    this.#deps.notify(`${reason.message}; all instances end with it`)
    const host = this.#host
    this.#host = null
    const closing = host?.then((lost) => lost.close()) ?? Promise.resolve()
    this.#cleared = Promise.allSettled([closing, this.#endGroups()])
  }

  async #closeHost(): Promise<void> {
    const host = await this.#host?.catch(() => null)
    this.#host = null
    await host?.close()
    await this.#cleared
  }

  /** Ends everything in our control groups and removes them; returns their names. */
  async #endGroups(): Promise<Set<string>> {
    const { cgroups, cgroupParent } = this.#options
    const found = new Set<string>()
    const deadlineMs = this.#clock.monotonicMs() + RECOVER_MS_MAX
    do {
      for (const name of killGroups(cgroups, cgroupParent)) found.add(name)
      if (removeGroups(cgroups, cgroupParent)) return found
      await new Promise<void>((resolveLook) => this.#clock.setTimer(RECOVER_LOOK_MS, resolveLook))
    } while (this.#clock.monotonicMs() < deadlineMs)
    throw new Error(`processes in the control group ${cgroupParent} cannot be ended`)
  }

  /** One timer for all, and only while there are sandboxes. */
  #scheduleSample(): void {
    this.#sampling = this.#live.size > 0
    if (!this.#sampling) return
    this.#clock.setTimer(MEMORY_SAMPLE_MS, () => {
      for (const sandbox of this.#live.values()) sandbox.enforceMemory()
      this.#scheduleSample()
    })
  }
}
