/**
 * The keeper: one small helper process (keeper.py) that does to the kernel what Node.js cannot do or cannot do cheaply,
 * and owns what it made: mounts and network namespaces live in its mount namespace and end with it.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../clock.ts'

const PROGRAM = fileURLToPath(new URL('./keeper.py', import.meta.url))
/** For the programs it runs: they find system programs, and nothing of ours is inherited. */
export const SYSTEM_ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
/** Any one program, unless said otherwise. */
const PROGRAM_MS_MAX = 10_000
/** For the keeper to answer, beyond what the program it runs may take; one that does not is hung, and is killed. */
const ANSWER_MS_MAX = 20_000
/** For what still runs to end with it. */
const CLOSE_MS_MAX = 5000
/** Kept of what the keeper itself says on stderr, for the reason of its end. */
const COMPLAINT_BYTES_MAX = 4096

export interface RunResult {
  code: number
  stdout: string
  stderr: string
}

export interface KeeperExit {
  code: number | null
  signal: string | null
}

interface RunOptions {
  environment?: Readonly<Record<string, string>>
  input?: string
  timeoutMs?: number
}

interface Answer {
  n?: number
  error?: string
  exited?: string
  [key: string]: unknown
}

/** A program that could not do what it was run for; the message says which and why. */
export class ProgramFailure extends Error {}

export interface KeeperOptions {
  python: string
  /** Below it, `bind` shows folders to sandboxes. */
  shared: string
  /** Mounts that the programs it runs must not see. */
  hidden: readonly string[]
  clock: Clock
  /** It ended without being asked to. */
  onLost(reason: Error): void
}

export class Keeper {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #pending = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>()
  readonly #watched = new Map<string, (exit: KeeperExit) => void>()
  readonly #clock: Clock
  readonly #ended: Promise<void>
  #requests = 0
  #isClosing = false
  #lost: Error | null = null

  private constructor(options: KeeperOptions) {
    this.#clock = options.clock
    this.#child = spawn(options.python, ['-I', '-S', PROGRAM], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: SYSTEM_ENVIRONMENT,
      // Not in our group: it must outlive a terminal's Ctrl-C until the sandboxes are stopped in order.
      detached: true,
    })
    let complaint = ''
    this.#child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-COMPLAINT_BYTES_MAX)
    })
    this.#child.stdin.on('error', () => {})
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(JSON.parse(line) as Answer))
    this.#ended = new Promise((resolve) => {
      const end = (reason: string) => {
        if (this.#lost !== null) return
        this.#lost = new Error(`the sandbox keeper ended: ${complaint.trim().split('\n').at(-1) || reason}`)
        for (const pending of this.#pending.values()) pending.reject(this.#lost)
        this.#pending.clear()
        for (const onExit of this.#watched.values()) onExit({ code: null, signal: 'SIGKILL' })
        this.#watched.clear()
        resolve()
        if (!this.#isClosing) options.onLost(this.#lost)
      }
      this.#child.once('error', (error) => end(error.message))
      this.#child.once('close', (code, signal) => end(signal ?? `exit code ${code}`))
    })
  }

  /** Starts it; rejects with the reason when there is no such Python, or this user may not do what it is for. */
  static async open(options: KeeperOptions): Promise<Keeper> {
    const keeper = new Keeper(options)
    try {
      await keeper.#request({ do: 'open', shared: options.shared, hidden: options.hidden })
      return keeper
    } catch (error) {
      await keeper.close()
      throw error
    }
  }

  /** Runs a program to its end, whatever its exit code; rejects when it cannot be run or takes too long. */
  async attempt(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const answer = await this.#request({ do: 'run', ...this.#program(command, options) })
    return this.#result(command, answer)
  }

  /** Runs a program that has to succeed; returns what it printed. Rejects with ProgramFailure. */
  async run(command: readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(command, options)
    if (code === 0) return stdout
    throw new ProgramFailure(`${command[0]} failed: ${(stderr || stdout).trim() || `exit code ${code}`}`)
  }

  /** Makes named pipes that `user` owns. */
  async pipes(paths: readonly string[], user: number): Promise<void> {
    await this.#request({ do: 'pipes', paths, user })
  }

  /**
   * Runs an OCI runtime that starts a container and leaves it. With exit code 0, the container's first process is
   * watched: `onExit` hears of its end, once.
   */
  async start(
    id: string,
    command: readonly string[],
    files: { pidFile: string; pipes: readonly [string, string]; timeoutMs: number },
    onExit: (exit: KeeperExit) => void,
  ): Promise<void> {
    const { timeoutMs, ...rest } = files
    this.#watched.set(id, onExit)
    try {
      const answer = await this.#request({ do: 'start', id, ...this.#program(command, { timeoutMs }), ...rest })
      const { code } = this.#result(command, answer)
      if (code !== 0) throw new ProgramFailure(`exit code ${code}`)
    } catch (error) {
      this.#watched.delete(id)
      throw error
    }
  }

  /** SIGKILL to the first process of a container, with which all others in it end; no effect when it has ended. */
  kill(id: string): void {
    this.#request({ do: 'kill', id }).catch(() => {})
  }

  /** Shows the folder `source` at `target`, read-only, here and in the sandboxes that look there. */
  async bind(source: string, target: string, staging: string): Promise<void> {
    await this.#request({ do: 'bind', source, target, staging })
  }

  /**
   * Shows an image at `target`, under a layer on the disk that takes all changes. The image's owners are shown as those
   * from `owner` on, so many. `files` are put into its /etc. Both can be unmounted at `target`.
   */
  async layer(layer: {
    image: string
    disk: string
    target: string
    owner: number
    owners: number
    files: Readonly<Record<string, string>>
  }): Promise<void> {
    await this.#request({ do: 'layer', ...layer })
  }

  /** Unmounts what is mounted at these paths; it goes when the last who uses it is gone. */
  async unmount(paths: readonly string[]): Promise<void> {
    await this.#request({ do: 'unmount', paths })
  }

  /** Mounts a copy of the ext4 disk in the file `template`, kept in the new file `image`, at `folder`. */
  async disk(template: string, image: string, folder: string): Promise<void> {
    await this.#request({ do: 'disk', template, image, folder })
  }

  /** Unmounts a disk at `path` without writing out what was stored on it; no effect when none is mounted there. */
  async discard(path: string): Promise<void> {
    await this.#request({ do: 'discard', path })
  }

  /** Makes a network namespace and keeps it at `path`, until that is unmounted. */
  async network(path: string): Promise<void> {
    await this.#request({ do: 'network', path })
  }

  /** IPv4 packets that were sent in a network namespace. */
  async sent(network: string): Promise<number> {
    return (await this.#request({ do: 'sent', network }))['count'] as number
  }

  /** The command, run where the keeper's mounts are. */
  inside(command: readonly string[]): string[] {
    return ['nsenter', `--mount=/proc/${this.#child.pid}/ns/mnt`, '--', ...command]
  }

  /** Ends it, and with it what still runs: programs and containers. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#child.stdin.end()
    const timer = this.#clock.setTimer(CLOSE_MS_MAX, () => this.#child.kill('SIGKILL'))
    await this.#ended
    timer.cancel()
  }

  #program(command: readonly string[], { environment = {}, input = '', timeoutMs = PROGRAM_MS_MAX }: RunOptions) {
    return { command, environment: { ...SYSTEM_ENVIRONMENT, ...environment }, input, timeoutMs }
  }

  #result(command: readonly string[], answer: Answer): RunResult {
    if (answer['timedOut'] === true) throw new ProgramFailure(`${command[0]} did not end in time and was killed`)
    return answer as unknown as RunResult
  }

  async #request(request: { do: string; timeoutMs?: number; [key: string]: unknown }): Promise<Answer> {
    if (this.#lost !== null) throw this.#lost
    const n = ++this.#requests
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#pending.set(n, { resolve, reject })
    this.#child.stdin.write(`${JSON.stringify({ n, ...request })}\n`)
    const timer = this.#clock.setTimer((request.timeoutMs ?? 0) + ANSWER_MS_MAX, () => this.#child.kill('SIGKILL'))
    try {
      return await promise
    } finally {
      timer.cancel()
    }
  }

  #receive(answer: Answer): void {
    if (answer.exited !== undefined) {
      const onExit = this.#watched.get(answer.exited)
      this.#watched.delete(answer.exited)
      onExit?.(answer as unknown as KeeperExit)
      return
    }
    const pending = this.#pending.get(answer.n!)
    this.#pending.delete(answer.n!)
    if (answer.error === undefined) pending?.resolve(answer)
    else pending?.reject(new ProgramFailure(answer.error))
  }
}
