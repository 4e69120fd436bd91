/** The settings of a function as a form holds them, and as the API takes them. */
import type { FunctionItem } from '../../api/functions.ts'
import { pairsOf, recordOf, type Pair } from '../../components/key-value-lines.ts'

export interface Settings {
  description: string
  handler: string
  memory: string
  /** Empty: goes with the memory. */
  cpu: string
  disk: string
  timeout: string
  concurrency: string
  environment: Pair[]
  initializer: string
  initializerTimeout: string
  /** Not shown, but sent with the initializer, for the two are replaced together. */
  preStop: { handler: string; timeout: number } | null
  /** Of custom runtimes. */
  command: string
  port: string
  /** As the function has it: what the form does not show of it stays. */
  customRuntimeConfig: FunctionItem['customRuntimeConfig']
}

export const newSettings: Settings = {
  description: '',
  handler: 'index.handler',
  memory: '512',
  cpu: '',
  disk: '512',
  timeout: '10',
  concurrency: '1',
  environment: [],
  initializer: '',
  initializerTimeout: '30',
  preStop: null,
  command: '',
  port: '9000',
  customRuntimeConfig: null,
}

export function settingsOf(item: FunctionItem): Settings {
  const { initializer, preStop } = item.instanceLifecycleConfig ?? {}
  const custom = item.customRuntimeConfig
  return {
    description: item.description,
    handler: item.handler,
    memory: String(item.memorySize),
    cpu: String(item.cpu),
    disk: String(item.diskSize),
    timeout: String(item.timeout),
    concurrency: String(item.instanceConcurrency),
    environment: pairsOf(item.environmentVariables),
    initializer: initializer?.handler ?? '',
    initializerTimeout: String(initializer?.timeout ?? newSettings.initializerTimeout),
    preStop: preStop ?? null,
    command: [...(custom?.command ?? []), ...(custom?.args ?? [])].join(' '),
    port: String(custom?.port ?? newSettings.port),
    customRuntimeConfig: custom,
  }
}

type NumberField = 'memory' | 'cpu' | 'timeout' | 'concurrency' | 'initializerTimeout' | 'port'

export const limits: Record<NumberField, { min: number; max: number; step: number }> = {
  memory: { min: 128, max: 32_768, step: 64 },
  cpu: { min: 0.05, max: 16, step: 0.05 },
  timeout: { min: 1, max: 86_400, step: 1 },
  concurrency: { min: 1, max: 200, step: 1 },
  initializerTimeout: { min: 1, max: 300, step: 1 },
  port: { min: 1, max: 65_535, step: 1 },
}

/** Fields that hold no number that is accepted. */
export function problemsOf(settings: Settings): NumberField[] {
  return (Object.keys(limits) as NumberField[]).filter((name) => {
    const text = settings[name].trim()
    if (name === 'cpu' && text === '') return false
    const { min, max, step } = limits[name]
    const value = Number(text)
    const steps = value / step
    return text === '' || !(value >= min && value <= max) || Math.abs(steps - Math.round(steps)) > 1e-6
  })
}

const isCustom = (runtime: string) => runtime.startsWith('custom') && runtime !== 'custom-container'

/** The body of an update (or a part of that of a creation): only members that differ from `before`. */
export function changesOf(settings: Settings, before: Settings | null, runtime: string): Record<string, unknown> {
  const changed = (...names: (keyof Settings)[]) =>
    names.some((name) => JSON.stringify(settings[name]) !== JSON.stringify(before?.[name]))
  const body: Record<string, unknown> = {}
  if (changed('description')) body['description'] = settings.description
  if (changed('handler')) body['handler'] = settings.handler.trim()
  if (changed('memory')) body['memorySize'] = Number(settings.memory)
  if (changed('cpu') && settings.cpu.trim() !== '') body['cpu'] = Number(settings.cpu)
  if (changed('disk')) body['diskSize'] = Number(settings.disk)
  if (changed('timeout')) body['timeout'] = Number(settings.timeout)
  if (changed('concurrency')) body['instanceConcurrency'] = Number(settings.concurrency)
  if (changed('environment')) body['environmentVariables'] = recordOf(settings.environment)
  if (before !== null && changed('initializer', 'initializerTimeout'))
    body['instanceLifecycleConfig'] = hooksOf(settings)
  if (before === null && settings.initializer.trim() !== '') body['instanceLifecycleConfig'] = hooksOf(settings)
  if (isCustom(runtime) && changed('command', 'port')) {
    const words = settings.command.split(/\s+/).filter(Boolean)
    body['customRuntimeConfig'] = {
      ...settings.customRuntimeConfig,
      port: Number(settings.port),
      ...(words.length > 0 || before !== null ? { command: words.slice(0, 1), args: words.slice(1) } : {}),
    }
  }
  return body
}

function hooksOf({ initializer, initializerTimeout, preStop }: Settings) {
  const handler = initializer.trim()
  return {
    ...(handler === '' ? {} : { initializer: { handler, timeout: Number(initializerTimeout) } }),
    ...(preStop && { preStop }),
  }
}
