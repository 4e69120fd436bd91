/** How an instance of a function is launched: which code, which interpreter, which limits, which credentials. */
import type { TokenIssuer } from '../auth/port.ts'
import type { FunctionVersion } from '../model.ts'
import type { PackageStore } from '../packages/port.ts'
import type { SandboxFolders, SandboxLimits } from '../sandbox/port.ts'
import { debugged, withDebuggerMemory, type Debugger } from './debugger.ts'
import { credentialsFrame, initFrame, LAYERS_PATH } from './environment.ts'
import { StartFailure } from './failure.ts'
import type { LaunchPlan } from './instance.ts'
import type { Interpreter } from './interpreters/interpreter.ts'
import { createLinkFactory, type LinkDeps } from './link-kinds.ts'
import type { Runtimes } from './runtimes.ts'
import type { StemKind, StemSource } from './stem.ts'

const MB = 1024 * 1024
/** Function Compute: per instance. */
const OPEN_FILES_MAX = 100_000
const PROCESSES_MAX = 1024
/** Of a stem: its runtime alone, which needs a third of it. */
const STEM_LIMIT_MB = 128
const STEM_CPU = 1

export interface LaunchOptions {
  accountId: string
  region: string
  responseBytesMax: number
  endpoints(): Readonly<Record<string, string>>
  /** Null: nobody debugs. */
  debugger: Debugger | null
}

export interface LaunchDeps extends LinkDeps {
  packages: PackageStore
  stems: StemSource
  runtimes: Runtimes
  tokens: TokenIssuer
}

export function createLaunchPlanner(
  options: LaunchOptions,
  deps: LaunchDeps,
): (version: FunctionVersion, qualifier: string) => LaunchPlan {
  // A function that cannot be started is refused here, before a sandbox is spent on it.
  return (version, qualifier) => {
    const { config } = version.function
    const found = deps.runtimes.choice(config.runtime).interpreter
    const { interpreter, init: debug } = options.debugger
      ? debugged(found, options.debugger)
      : { interpreter: found, init: null }
    const kind = stemKind(interpreter, config.diskMB)
    const limits = limitsOf(config.memoryMB, config.diskMB, config.cpu)
    const { code, layers } = config
    if (code === null) {
      const errorMessage = `function '${version.key}' has no code yet; upload it with UpdateFunction`
      throw new StartFailure({ errorType: 'CodeNotFound', errorMessage, handled: false })
    }
    const role = config.role ?? version.service?.config.role ?? ''
    const issue = () => deps.tokens.issue(version.key, role, deps.clock.nowMs())
    return {
      credentials: () => credentialsFrame(issue()),
      hasStem: () => deps.stems.has(kind),
      takeStem: () => deps.stems.take(kind),
      bootStem: () => deps.stems.boot(kind),
      link: createLinkFactory(config, deps),
      folders: () =>
        unpacked(
          deps.packages,
          code.sha256,
          layers.map((layer) => layer.code.sha256),
        ),
      limits: options.debugger ? withDebuggerMemory(limits) : limits,
      initFrame: (instanceId, requestId, paths) => ({
        ...initFrame(
          version,
          {
            accountId: options.accountId,
            region: options.region,
            instanceId,
            qualifier,
            runtimeVersion: interpreter.version,
            codePath: paths.code,
            layersPath: paths.layers ?? LAYERS_PATH,
            credentials: issue(),
            endpoints: options.endpoints(),
          },
          requestId,
          options.responseBytesMax,
        ),
        ...(debug && { debug }),
      }),
    }
  }
}

async function unpacked(packages: PackageStore, code: string, layers: readonly string[]): Promise<SandboxFolders> {
  const [codeFolder, layersFolder] = await Promise.all([
    packages.unpack(code),
    layers.length === 0 ? null : packages.unpackTogether(layers),
  ])
  return { code: codeFolder, layers: layersFolder }
}

/** The kind of stem from which an instance with this interpreter and disk size is made. */
export function stemKind(interpreter: Interpreter, diskMB: number): StemKind {
  const key = `${interpreter.language} ${interpreter.version} with ${diskMB} MB of disk`
  return { key, interpreter, limits: limitsOf(STEM_LIMIT_MB, diskMB, STEM_CPU) }
}

export function limitsOf(memoryMB: number, diskMB: number, cpu: number): SandboxLimits {
  return {
    memoryBytes: memoryMB * MB,
    diskBytes: diskMB * MB,
    processes: PROCESSES_MAX,
    openFiles: OPEN_FILES_MAX,
    cpu,
  }
}
