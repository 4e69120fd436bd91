/** The isolation mechanism: starts one process tree under limits, tells what it uses and how it ended. */

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
  /** Host folder with the code; the sandbox shows it at `paths.code`. Null for a sandbox made before its function is known. */
  codeFolder: string | null
  /** Host paths the program needs to run (interpreter, runtime files). */
  readOnlyPaths: readonly string[]
  /** Host path of the listening Unix socket of the channel; the program finds it at `paths.channel`, which it gets in SLUICE_CHANNEL. */
  channelSocket: string
  limits: SandboxLimits
  /** Bytes that the process tree wrote to its standard streams, outside the channel. */
  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void
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

export interface Sandbox {
  readonly id: string
  /** Where things are, as the program inside sees them. */
  readonly paths: { code: string; temporary: string; channel: string }
  /** Cheap enough for every tenth of a second; undefined once ended. */
  stats(): SandboxStats | undefined
  /** Resolves once, when the whole process tree is gone and its output was delivered. */
  readonly exited: Promise<SandboxExit>
  /** SIGTERM, then SIGKILL after `graceMs` (0: at once), to the whole tree; resolves when nothing is left, temporary files included. */
  stop(graceMs: number): Promise<void>
}

export interface SandboxRuntime {
  readonly kind: 'process' | 'oci'
  /** What a user should know of it, said at start: for `process`, that it isolates nothing. */
  readonly notice: string | null
  /** Resolves when the process runs (not when it is ready); rejects with the reason it cannot. */
  create(spec: SandboxSpec): Promise<Sandbox>
  /** Removes what an earlier, killed platform left behind; called before the first create. Returns how many were found. */
  recover(): Promise<number>
  /** Stops all. */
  close(): Promise<void>
}
