/** The isolation mechanism: starts one process tree under limits, tells what it uses and how it ended. */
import type { Readable, Writable } from 'node:stream'

export interface SandboxLimits {
  memoryBytes: number
  diskBytes: number
  processes: number
  openFiles: number
  /** CPU cores, fractions allowed. */
  cpu: number
}

export interface SandboxSpec {
  /** Instance id: `c-` and hex; safe as a file name. */
  id: string
  /** Program and arguments; paths as on the host, inside `readOnlyPaths` or of the host's system. */
  command: readonly string[]
  /** The whole environment; nothing of ours is inherited. */
  environment: Readonly<Record<string, string>>
  /** Host paths the program needs to run (interpreter, runtime files). */
  readOnlyPaths: readonly string[]
  /** Host path of the listening Unix socket of the channel; the program finds it at `paths.channel`, which it gets in SLUICE_CHANNEL. */
  channelSocket: string
  /** While it has no code; `specialise` replaces them. */
  limits: SandboxLimits
  /** Bytes that the process tree wrote to its standard streams, outside the channel. */
  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void
}

/** A sandbox with the file system of an image instead of the host's programs. */
export interface ImageSandboxSpec extends Omit<SandboxSpec, 'readOnlyPaths' | 'channelSocket'> {
  /** Program and arguments, inside the image. */
  command: readonly string[]
  image: {
    /** Host folder with its files, never written. The sandbox sees them under a layer of its own, as large as its disk. */
    rootFolder: string
    /** Inside the image, absolute. */
    workingFolder: string
    /** Ids inside; 0 is root there, and an unprivileged user of the host. */
    user: { uid: number; gid: number; groups: readonly number[] }
  }
}

/** The program of an image cannot be run, which is the image's fault; the message is the system's. */
export class NotRunnable extends Error {
  readonly reason: 'missing' | 'forbidden'

  constructor(reason: NotRunnable['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

export interface SandboxStats {
  memoryBytes: number
  peakMemoryBytes: number
  cpuMs: number
}

export interface SandboxExit {
  code: number | null
  signal: string | null
  /** The sandbox ended it for exceeding memory. */
  outOfMemory: boolean
  /** At exit; what of it could still be read. */
  peakMemoryBytes: number
}

/** A further program inside a running sandbox, for people who look into an instance. */
export interface ExecSpec {
  command: readonly string[]
  /** On a terminal of its own; stdout and stderr are one then. */
  terminal: boolean
}

export interface ExecProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Empty on a terminal. */
  readonly stderr: Readable
  /** Of the terminal, in characters; without one it does nothing. */
  resize(columns: number, rows: number): void
  /** Resolves once, when it has ended and its output was delivered. */
  readonly exited: Promise<{ code: number | null; signal: string | null }>
  /** SIGKILL. */
  kill(): void
}

/** What a function needs to be shown, read-only; as the host sees it, or as the program inside does. */
export interface SandboxFolders {
  code: string
  /** Null when it has none. */
  layers: string | null
}

/** Made without code (a stem); gets it once, by `specialise`. */
export interface Sandbox {
  readonly id: string
  /** Where things are, as the program inside sees them. */
  readonly paths: { temporary: string; channel: string }
  /** Address at which the host reaches what listens inside. */
  readonly address: string
  /** The address and its ports are those of other sandboxes, too. */
  readonly sharesNetwork: boolean
  /**
   * Shows the host folders inside, read-only, and sets the limits of its function; once. Resolves to where the program
   * sees them. The size of the temporary folder and the number of open files stay as created.
   */
  specialise(folders: SandboxFolders, limits: SandboxLimits): Promise<SandboxFolders>
  /** Stops the whole tree from running, sockets and memory stay; no effect when frozen or ended. */
  freeze(): void
  /** Lets it run again, at once; no effect when it runs or has ended. */
  thaw(): void
  /** Starts a program inside, with the environment of the sandbox, in the folder of the code. */
  exec(spec: ExecSpec): Promise<ExecProcess>
  /** Cheap enough for every tenth of a second; undefined once ended. */
  stats(): SandboxStats | undefined
  /** Resolves once, when the whole process tree is gone and its output was delivered. */
  readonly exited: Promise<SandboxExit>
  /** SIGTERM, then SIGKILL after `graceMs` (0: at once), to the whole tree, thawed first; resolves when nothing is left, temporary files included. */
  stop(graceMs: number): Promise<void>
}

export interface SandboxRuntime {
  readonly kind: 'process' | 'oci'
  /** What a user should know of it, said at start: for `process`, that it isolates nothing. */
  readonly notice: string | null
  /** Where every program will see the folders of its function; null where only `specialise` tells. */
  readonly folders: { code: string; layers: string } | null
  /** Host name under which programs inside reach the platform. */
  readonly platformHost: string
  /** Address on which the platform has to listen for them beside its own; null when they share the host's network. */
  readonly platformAddress: string | null
  /** Resolves when the process runs (not when it is ready); rejects with the reason it cannot. */
  create(spec: SandboxSpec): Promise<Sandbox>
  /** As `create`, or rejects with NotRunnable; its `specialise` shows no code, which is in the image. Absent where there can be none. */
  createFromImage?(spec: ImageSandboxSpec): Promise<Sandbox>
  /** Removes what an earlier, killed platform left behind; called before the first create. Returns how many were found. */
  recover(): Promise<number>
  /** Stops all. */
  close(): Promise<void>
}
