/** What a function's configuration says of its program: which it is, where it listens, how it shows that it lives. */
import type { FunctionConfig, JsonObject, JsonValue } from '../../model.ts'

export const PORT_DEFAULT = 9000
/** Function Compute: from the start of a program to its port being open. */
export const STARTUP_MS_MAX = 120_000
/** Names another program than `bootstrap`. */
const BOOTSTRAP_VARIABLE = 'BOOTSTRAP_FILE'

/** `customRuntimeConfig.healthCheckConfig` of 3.0, `customHealthCheckConfig` of 2.0. */
export interface HealthCheck {
  /** Path and query. */
  path: string
  initialDelayMs: number
  periodMs: number
  timeoutMs: number
  failureThreshold: number
  successThreshold: number
}

export interface ProgramConfig {
  /** Of a custom runtime; program and arguments. */
  command: readonly string[]
  port: number
  /** Null: an open port is enough. */
  healthCheck: HealthCheck | null
}

/** Of a custom runtime. */
export function customProgram({ settings, environmentVariables }: FunctionConfig): ProgramConfig {
  const config = objectOf(settings['customRuntimeConfig'])
  const command = textsOf(config['command'])
  const program = command.length > 0 ? command : [environmentVariables[BOOTSTRAP_VARIABLE] || 'bootstrap']
  return {
    command: [...program, ...textsOf(config['args'])],
    port: numberOf(config['port'], PORT_DEFAULT),
    healthCheck: healthCheckOf(objectOf(config['healthCheckConfig'])),
  }
}

/** Of a container, which names its program otherwise. */
export function containerProgram({ settings }: FunctionConfig): ProgramConfig {
  const config = objectOf(settings['customContainerConfig'])
  return {
    command: [],
    port: numberOf(config['port'], PORT_DEFAULT),
    healthCheck: healthCheckOf(objectOf(config['healthCheckConfig'])),
  }
}

/** Absent members as Function Compute has them. */
export function healthCheckOf(config: JsonObject): HealthCheck | null {
  const url = config['httpGetUrl']
  if (typeof url !== 'string' || url === '') return null
  return {
    path: url.startsWith('/') ? url : `/${url}`,
    initialDelayMs: numberOf(config['initialDelaySeconds'], 0) * 1000,
    periodMs: numberOf(config['periodSeconds'], 3) * 1000,
    timeoutMs: numberOf(config['timeoutSeconds'], 1) * 1000,
    failureThreshold: numberOf(config['failureThreshold'], 3),
    successThreshold: numberOf(config['successThreshold'], 1),
  }
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function textsOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

function numberOf(value: JsonValue | undefined, initial: number): number {
  return typeof value === 'number' ? value : initial
}
