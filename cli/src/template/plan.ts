/** What a deployment wants to be there: one shape for s.yaml of both generations and for plain flags. */
import type { FunctionRef } from '../function-ref.ts'
import type { Json } from '../json.ts'

export type CodeSource =
  /** A folder, a zip or a jar; absolute. */
  | { kind: 'path'; path: string }
  | { kind: 'object'; ossBucketName: string; ossObjectName: string }
  /** Leave the code alone (an update), or a function that has none. */
  | { kind: 'none' }

export interface TriggerPlan {
  triggerName: string
  triggerType: string
  triggerConfig: Json
  /** description, qualifier, sourceArn, invocationRole: what is given. */
  more: Json
}

/** A command that makes what is packed. */
export interface BuildStep {
  /** For the shell. */
  command: string
  /** Where it runs; absolute. */
  folder: string
}

export interface FunctionPlan {
  ref: FunctionRef
  /** In the order in which they run, before the code is packed. */
  build: BuildStep[]
  /** Fields of Create and UpdateFunction, without name and code. */
  config: Json
  code: CodeSource
  triggers: TriggerPlan[]
  /** In the order in which they are put. */
  settings: SettingPlan[]
}

/** A configuration beside the function's own, put at `…/{element}`. */
export interface SettingPlan {
  action: string
  element: string
  /** Null for what belongs to the function whole. */
  qualifier: string | null
  body: Json
}

export interface ServicePlan {
  name: string
  config: Json
}

export interface DomainPlan {
  domainName: string
  /** As the 2023 version takes it; functions of services are named `service$function`. */
  config: Json
}

export interface Plan {
  services: ServicePlan[]
  functions: FunctionPlan[]
  domains: DomainPlan[]
  /** What was left out, and why. */
  warnings: string[]
}

export const emptyPlan = (): Plan => ({ services: [], functions: [], domains: [], warnings: [] })
