/** How an instance of a function is launched: which code, which interpreter, which limits, which credentials. */
import type { TokenIssuer } from '../auth/port.ts'
import type { Clock } from '../clock.ts'
import type { FunctionVersion } from '../model.ts'
import type { PackageStore } from '../packages/port.ts'
import type { SandboxRuntime } from '../sandbox/port.ts'
import { credentialsFrame, initFrame } from './environment.ts'
import { StartFailure } from './failure.ts'
import type { LaunchPlan } from './instance.ts'
import type { Runtimes } from './runtimes.ts'

const MB = 1024 * 1024
/** Function Compute: per instance. */
const OPEN_FILES_MAX = 100_000
const PROCESSES_MAX = 1024

export interface LaunchOptions {
  accountId: string
  region: string
  responseBytesMax: number
  endpoints(): Readonly<Record<string, string>>
}

export interface LaunchDeps {
  clock: Clock
  packages: PackageStore
  sandboxes: SandboxRuntime
  runtimes: Runtimes
  tokens: TokenIssuer
}

export function createLaunchPlanner(
  options: LaunchOptions,
  deps: LaunchDeps,
): (version: FunctionVersion, qualifier: string) => LaunchPlan {
  return (version, qualifier) => {
    const { config } = version.function
    const interpreter = deps.runtimes.interpreter(config.runtime)
    const limits = {
      memoryBytes: config.memoryMB * MB,
      diskBytes: config.diskMB * MB,
      processes: PROCESSES_MAX,
      openFiles: OPEN_FILES_MAX,
      cpu: config.cpu,
    }
    const role = config.role ?? version.service?.config.role ?? ''
    const issue = () => deps.tokens.issue(version.key, role, deps.clock.nowMs())
    return {
      credentials: () => credentialsFrame(issue()),
      codeFolder() {
        if (config.code !== null) return deps.packages.unpack(config.code.sha256)
        const errorMessage = `function '${version.key}' has no code yet; upload it with UpdateFunction`
        return Promise.reject(new StartFailure({ errorType: 'CodeNotFound', errorMessage, handled: false }))
      },
      limits,
      createSandbox: (id, channelSocket, onOutput) =>
        deps.sandboxes.create({
          id,
          command: interpreter.command,
          environment: {
            PATH: '/usr/local/bin:/usr/bin:/bin',
            HOME: '/tmp',
            LANG: 'C.UTF-8',
          },
          readOnlyPaths: interpreter.readOnlyPaths,
          channelSocket,
          limits,
          onOutput,
        }),
      initFrame: (instanceId, requestId, codePath) =>
        initFrame(
          version,
          {
            accountId: options.accountId,
            region: options.region,
            instanceId,
            qualifier,
            codePath,
            credentials: issue(),
            endpoints: options.endpoints(),
          },
          requestId,
          options.responseBytesMax,
        ),
    }
  }
}
