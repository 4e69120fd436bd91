/** The configuration of a function: defaults, limits, and how an update changes it. Pure. */
import { CONTAINER_RUNTIME, containerConfig } from '../../container-config.ts'
import { FcError } from '../../errors.ts'
import type { CodeRef, FunctionConfig, FunctionLayer, Hook, ImageRef, JsonObject } from '../../model.ts'
import type { Runtimes } from './context.ts'

export interface HookPatch {
  handler?: string | undefined
  timeoutSeconds?: number | undefined
}

/** Absent: as it is, or the default on creation. Maps and lists are replaced whole. */
export interface FunctionPatch {
  description?: string | undefined
  runtime?: string | undefined
  handler?: string | undefined
  memoryMB?: number | undefined
  cpu?: number | undefined
  diskMB?: number | undefined
  timeoutSeconds?: number | undefined
  instanceConcurrency?: number | undefined
  environmentVariables?: Record<string, string> | undefined
  /** ARNs. */
  layers?: readonly string[] | undefined
  /** An empty handler removes the hook; parts that are absent stay. */
  initializer?: HookPatch | undefined
  preFreeze?: HookPatch | undefined
  preStop?: HookPatch | undefined
  role?: string | undefined
  internetAccess?: boolean | undefined
  /** From the settings as they are to what they shall be. */
  settings?: ((before: JsonObject) => JsonObject) | undefined
  /** The settings are of the container, among others. */
  setsContainer?: boolean | undefined
}

export const INITIALIZER_SECONDS_MAX = 300
export const HOOK_SECONDS_MAX = 90
export const INITIALIZER_SECONDS_DEFAULT = 30
export const HOOK_SECONDS_DEFAULT = 3
const ENVIRONMENT_BYTES_MAX = 4096
const CPU_STEP = 0.05
const CPU_MIN = 0.05
const CPU_MAX = 16
const MEMORY_MB_DEFAULT = { v2: 128, v3: 512 } as const

export type Generation = 'v2' | 'v3'

export function newConfig(generation: Generation): FunctionConfig {
  const memoryMB = MEMORY_MB_DEFAULT[generation]
  return {
    description: '',
    runtime: '',
    handler: '',
    memoryMB,
    cpu: cpuFor(memoryMB),
    diskMB: 512,
    timeoutSeconds: 3,
    instanceConcurrency: 1,
    environmentVariables: {},
    code: null,
    image: null,
    layers: [],
    initializer: null,
    preFreeze: null,
    preStop: null,
    role: generation === 'v3' ? '' : null,
    internetAccess: generation === 'v3' ? true : null,
    settings: {},
  }
}

/** What is stored elsewhere of that which a patch names. */
export interface FoundPackages {
  code?: CodeRef | undefined
  layers?: FunctionLayer[] | undefined
  image?: ImageRef | undefined
}

/** The configuration after an update. Throws FcError; packages that are absent stay as they are. */
export function patchConfig(
  before: FunctionConfig,
  patch: FunctionPatch,
  { code, layers, image }: FoundPackages,
  runtimes: Runtimes,
): FunctionConfig {
  const after: FunctionConfig = {
    description: patch.description ?? before.description,
    runtime: patch.runtime ?? before.runtime,
    handler: patch.handler ?? before.handler,
    ...size(before, patch),
    diskMB: patch.diskMB ?? before.diskMB,
    timeoutSeconds: patch.timeoutSeconds ?? before.timeoutSeconds,
    instanceConcurrency: patch.instanceConcurrency ?? before.instanceConcurrency,
    environmentVariables: patch.environmentVariables ?? before.environmentVariables,
    code: code ?? before.code,
    layers: layers ?? before.layers,
    image: image ?? before.image ?? null,
    initializer: hook(before.initializer, patch.initializer, INITIALIZER_SECONDS_DEFAULT),
    preFreeze: hook(before.preFreeze, patch.preFreeze, HOOK_SECONDS_DEFAULT),
    preStop: hook(before.preStop, patch.preStop, HOOK_SECONDS_DEFAULT),
    role: patch.role ?? before.role,
    internetAccess: patch.internetAccess ?? before.internetAccess,
    settings: patch.settings?.(before.settings) ?? before.settings,
  }
  if (patch.runtime !== undefined || before.runtime === '') checkRuntime(after.runtime, runtimes)
  if (after.handler === '' && !isCustom(after.runtime)) {
    throw new FcError('InvalidArgument', 'Handler is required but not provided')
  }
  checkEnvironment(after.environmentVariables)
  checkLayers(after)
  checkJob(after)
  return after
}

export function isCustom(runtime: string): boolean {
  return runtime.startsWith('custom')
}

function checkRuntime(runtime: string, runtimes: Runtimes): void {
  if (!runtimes.all.includes(runtime)) {
    const accepted = runtimes.all.join(', ')
    throw new FcError(
      'InvalidArgument',
      `Runtime is set to an invalid value: runtime '${runtime}' is none of ${accepted}`,
    )
  }
  const answer = runtimes.available(runtime)
  if (!answer.ok) throw new FcError('InvalidArgument', `runtime '${runtime}' cannot run here: ${answer.reason}`)
}

/** A container that serves nothing has its memory and its processor for one event. */
function checkJob(config: FunctionConfig): void {
  const isJob = config.runtime === CONTAINER_RUNTIME && !containerConfig(config).isWebServer
  if (!isJob || config.instanceConcurrency === 1) return
  throw new FcError('InvalidArgument', 'instanceConcurrency must be 1 with webServerMode false')
}

function checkEnvironment(variables: Readonly<Record<string, string>>): void {
  let sizeBytes = 0
  for (const [name, value] of Object.entries(variables)) {
    if (!/^[A-Za-z]\w*$/.test(name)) {
      throw new FcError(
        'InvalidArgument',
        `environmentVariables: '${name}' must begin with a letter and hold only letters, digits and _`,
      )
    }
    if (/^FC_/i.test(name)) {
      throw new FcError('InvalidArgument', `environmentVariables: '${name}' is reserved; names must not begin with FC_`)
    }
    sizeBytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  if (sizeBytes > ENVIRONMENT_BYTES_MAX) {
    throw new FcError(
      'InvalidArgument',
      `environmentVariables must be at most ${ENVIRONMENT_BYTES_MAX} bytes in all, not ${sizeBytes}`,
    )
  }
}

function checkLayers({ runtime, layers }: FunctionConfig): void {
  if (layers.length > 0 && runtime === 'custom-container') {
    throw new FcError('InvalidArgument', 'layers must be empty for the runtime custom-container: its image has it all')
  }
  for (const { arn, compatibleRuntimes } of layers) {
    if (compatibleRuntimes.length === 0 || compatibleRuntimes.includes(runtime)) continue
    const list = compatibleRuntimes.join(', ')
    throw new FcError('InvalidArgument', `layers: '${arn}' is for ${list}, not for the runtime ${runtime}`)
  }
}

function hook(before: Hook | null, patch: HookPatch | undefined, secondsDefault: number): Hook | null {
  const handler = patch?.handler ?? before?.handler ?? ''
  if (handler === '') return null
  return { handler, timeoutSeconds: patch?.timeoutSeconds ?? before?.timeoutSeconds ?? secondsDefault }
}

/** The vCPUs that go with a memory size when the caller does not say: 1 per GB. */
function cpuFor(memoryMB: number): number {
  const steps = Math.floor(memoryMB / 1024 / CPU_STEP)
  return Math.min(CPU_MAX, Math.max(CPU_MIN, Math.round(steps * CPU_STEP * 100) / 100))
}

function fits(memoryMB: number, cpu: number): boolean {
  const ratio = memoryMB / 1024 / cpu
  return ratio >= 1 && ratio <= 4
}

/** Memory alone moves the vCPUs along when they no longer fit it, as callers of 2.0 never name them. */
function size(before: FunctionConfig, patch: FunctionPatch): { memoryMB: number; cpu: number } {
  const memoryMB = patch.memoryMB ?? before.memoryMB
  if (patch.cpu === undefined) return { memoryMB, cpu: fits(memoryMB, before.cpu) ? before.cpu : cpuFor(memoryMB) }
  const steps = patch.cpu / CPU_STEP
  if (patch.cpu < CPU_MIN || patch.cpu > CPU_MAX || Math.abs(steps - Math.round(steps)) > 1e-6) {
    throw new FcError('InvalidArgument', `cpu must be a number from ${CPU_MIN} to ${CPU_MAX} in steps of ${CPU_STEP}`)
  }
  if (!fits(memoryMB, patch.cpu)) {
    throw new FcError(
      'InvalidArgument',
      `cpu ${patch.cpu} does not go with memorySize ${memoryMB}: there must be 1 to 4 GB of memory for each vCPU`,
    )
  }
  return { memoryMB, cpu: patch.cpu }
}
