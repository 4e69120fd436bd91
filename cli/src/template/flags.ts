/** A plan for one function from the flags of `deploy`, without s.yaml. */
import { usageError } from '../errors.ts'
import { parseFunctionRef } from '../function-ref.ts'
import { defined, type Json } from '../json.ts'
import { emptyPlan, type Plan, type TriggerPlan } from './plan.ts'

export interface FunctionFlags {
  name?: string
  runtime?: string
  handler?: string
  /** MB. */
  memory?: number
  /** Seconds. */
  timeout?: number
  concurrency?: number
  description?: string
  /** `NAME=value` each. */
  env?: string[]
  http?: boolean
}

/** For anybody, all methods. */
export const HTTP_TRIGGER: TriggerPlan = {
  triggerName: 'http',
  triggerType: 'http',
  triggerConfig: {
    authType: 'anonymous',
    methods: ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'],
    disableURLInternet: false,
  },
  more: {},
}

/** Only what is given is set, so that an update leaves the rest as it is. `code`: absolute; undefined leaves it alone. */
export function planFromFlags(flags: FunctionFlags, code: string | undefined): Plan {
  const ref = parseFunctionRef(flags.name ?? '')
  const config = defined({
    runtime: flags.runtime,
    handler: flags.handler,
    memorySize: flags.memory,
    timeout: flags.timeout,
    instanceConcurrency: flags.concurrency,
    description: flags.description,
    environmentVariables: flags.env && readVariables(flags.env),
  })
  const plan = emptyPlan()
  if (ref.service !== null) plan.services.push({ name: ref.service, config: {} })
  plan.functions.push({
    ref,
    build: [],
    config,
    code: code === undefined ? { kind: 'none' } : { kind: 'path', path: code },
    triggers: flags.http ? [HTTP_TRIGGER] : [],
    settings: [],
  })
  return plan
}

function readVariables(pairs: readonly string[]): Json {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw usageError(`--env: '${pair}' is not NAME=value`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
