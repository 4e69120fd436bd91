/** What the endpoints of metrics accept and answer; the OpenAPI document shows it. */
import { type Static, Type } from 'typebox'

const TIME_MS_MAX = 8_640_000_000_000_000

const text = Type.String()
const number = Type.Number()
const maybe = Type.Union([Type.Number(), Type.Null()])
const time = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: TIME_MS_MAX, description }))
const named = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 257, description }))

const metric = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'names of metrics, separated by commas',
})
const subject = {
  function: Type.Optional(
    Type.String({
      maxLength: 257,
      pattern: String.raw`^(\*|[A-Za-z_][A-Za-z0-9_-]*(\$[A-Za-z_][A-Za-z0-9_-]*)?)$`,
      description: 'the name of a function, or service$function',
    }),
  ),
  service: named('the name of a service'),
  instance: named('an instance id'),
}
const period = {
  from: time('milliseconds since 1970, inclusive; an hour before to'),
  to: time('milliseconds since 1970, exclusive; now'),
}

export const periodQuery = Type.Object(period)
export const seriesQuery = Type.Object({
  metric,
  ...subject,
  ...period,
  step: Type.Optional(
    Type.Integer({
      minimum: 1000,
      maximum: TIME_MS_MAX,
      default: 60_000,
      description: 'milliseconds: a multiple of 60000, or of 1000 within the last 15 minutes',
    }),
  ),
})
export const followQuery = Type.Object({ metric, ...subject })
export const instancesQuery = Type.Object({ function: subject.function })
export type SubjectQuery = Pick<Static<typeof seriesQuery>, 'function' | 'service' | 'instance'>

export const metricsAnswer = Type.Object({
  metrics: Type.Array(Type.Object({ name: text, level: text, unit: text, statistic: text, description: text })),
  secondsFromMs: Type.Integer({ description: 'since when each second is known, for steps below a minute' }),
})
export const seriesAnswer = Type.Object({
  series: Type.Array(
    Type.Object({
      metric: text,
      unit: text,
      stepMs: Type.Integer(),
      points: Type.Array(Type.Array(maybe), { description: '[time in ms, value]; null: nothing was observed' }),
    }),
  ),
})

const summary = Type.Object({
  functionKey: Type.String({ description: 'empty for the total; *: functions beyond those that are told apart' }),
  invocations: number,
  functionErrors: number,
  serverErrors: number,
  clientErrors: number,
  throttles: number,
  coldStarts: number,
  p50Ms: maybe,
  p90Ms: maybe,
  p99Ms: maybe,
  averageMs: maybe,
  maxMemoryMB: number,
  billedMs: number,
  gigabyteSeconds: number,
})
export const summaryAnswer = Type.Object({ functions: Type.Array(summary), total: summary })

/** Of the machine, as far as instances may have it. */
export interface HostFacts {
  memoryMB: number
  cpus: number
  instancesMax: number
  /** Which isolation. */
  sandbox: string
}

export const instancesAnswer = Type.Object({
  host: Type.Object({
    memoryMB: Type.Number({ description: 'that instances may have together' }),
    usedMB: Type.Number({ description: 'of it taken: the memory sizes of all instances' }),
    cpus: number,
    instancesMax: number,
    sandbox: text,
  }),
  instances: Type.Array(
    Type.Object({
      instanceId: text,
      functionKey: text,
      versionId: text,
      qualifier: text,
      state: text,
      memoryMB: Type.Number({ description: 'memory size of the function' }),
      usedMemoryMB: maybe,
      cpuQuotaCores: number,
      cpuCores: Type.Union([Type.Number(), Type.Null()], { description: 'cores used since this was last asked' }),
      inFlight: number,
      concurrency: number,
      provisioned: Type.Boolean(),
      startedMs: number,
      idleSinceMs: maybe,
    }),
  ),
  stems: Type.Array(Type.Object({ kind: text, waiting: number, booting: number })),
})
