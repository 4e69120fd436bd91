/** Rules, routes and silences of alerts from what a request says: what is missing gets its default, what cannot be is refused. */
import type { AlertCondition, AlertRoute, AlertRule } from '../../alerts/port.ts'
import { windowProblem } from '../../alerts/port.ts'
import { FcError } from '../../errors.ts'
import { parseDestination } from '../../invocations/port.ts'
import type { MetricInfo } from '../../metrics/port.ts'
import { LATEST } from '../../model.ts'
import type { ConditionInput, RouteInput, RuleInput } from './alert-schemas.ts'

/** What is answered instead of a secret, and keeps it when it is given. */
const SECRET_SET = '(set)'

export function ruleOf(input: RuleInput, catalogue: readonly MetricInfo[]): AlertRule {
  const { service = null, functionKey = null, instanceId = null, windowSeconds = 60, routes = [] } = input
  const info = catalogue.find(({ name }) => name === input.metric)
  if (!info) refuse('metric', `'${input.metric}' is no metric; GET /sluice/v1/metrics lists them`)
  checkTarget(info, { service, functionKey, instanceId })
  const condition = conditionOf(input.condition)
  const accepted = windowProblem(windowSeconds, condition.kind === 'anomaly')
  if (accepted !== undefined) refuse('windowSeconds', `${windowSeconds} is not accepted; give ${accepted}`)
  const repeated = routes.find((name, index) => routes.indexOf(name) !== index)
  if (repeated !== undefined) refuse('routes', `'${repeated}' is named twice`)
  return {
    name: input.name,
    description: input.description ?? '',
    enabled: input.enabled ?? true,
    metric: info.name,
    ...{ service, functionKey, instanceId, condition, windowSeconds },
    forSeconds: input.forSeconds ?? 0,
    repeatSeconds: input.repeatSeconds ?? 0,
    onNoData: input.onNoData ?? 'ok',
    severity: input.severity ?? 'warning',
    routes,
  }
}

type Target = Pick<AlertRule, 'service' | 'functionKey' | 'instanceId'>

/** Which of them a metric of a level is about. */
const TARGETS: Record<MetricInfo['level'], { needs: (keyof Target)[]; takes: (keyof Target)[] }> = {
  region: { needs: [], takes: [] },
  service: { needs: ['service'], takes: ['service'] },
  function: { needs: ['functionKey'], takes: ['functionKey'] },
  instance: { needs: ['instanceId'], takes: ['instanceId', 'functionKey'] },
}

function checkTarget({ name, level }: MetricInfo, target: Target): void {
  const { needs, takes } = TARGETS[level]
  for (const field of ['service', 'functionKey', 'instanceId'] as const) {
    if (needs.includes(field) && target[field] === null)
      refuse(field, `is required: ${name} is a metric of one ${level}`)
    if (!takes.includes(field) && target[field] !== null) {
      refuse(field, `is not accepted: ${name} is a metric of the ${level}`)
    }
  }
}

function conditionOf(input: ConditionInput): AlertCondition {
  const { kind, comparison, threshold, deviations, days, direction = 'both' } = input
  const need = <Value>(field: string, value: Value | undefined): Value =>
    value ?? refuse(`condition.${field}`, `is required for the kind ${kind}`)
  if (kind === 'noData') return { kind }
  if (kind === 'anomaly') {
    return { kind, deviations: need('deviations', deviations), days: need('days', days), direction }
  }
  return { kind, comparison: need('comparison', comparison), threshold: need('threshold', threshold) }
}

export interface RouteRules {
  accountId: string
  region: string
  /** A mail server is set. */
  hasSmtp: boolean
  /** Throws FcError when function or qualifier do not exist. */
  resolve: (functionKey: string, qualifier: string) => unknown
}

/** `before`: the route that is replaced; a secret that is not given stays. */
export function routeOf(input: RouteInput, before: AlertRoute | undefined, rules: RouteRules): AlertRoute {
  const { name, kind } = input
  const need = <Value>(field: string, value: Value | undefined): Value =>
    value ?? refuse(field, `is required for the kind ${kind}`)
  if (kind === 'webhook') {
    const kept = before?.kind === 'webhook' ? before.secret : ''
    const { secret = SECRET_SET } = input
    return { name, kind, url: webhookUrl(need('url', input.url), rules), secret: secret === SECRET_SET ? kept : secret }
  }
  if (kind === 'email') {
    if (!rules.hasSmtp) refuse('kind', 'email needs a mail server: set smtpUrl (SLUICE_SMTP_URL)')
    return { name, kind, to: need('to', input.to) }
  }
  const { qualifier = LATEST } = input
  const functionKey = need('functionKey', input.functionKey)
  checkFunction(functionKey, qualifier, rules)
  return { name, kind, functionKey, qualifier }
}

function webhookUrl(text: string, account: RouteRules): string {
  const destination = parseDestination(text, account)
  if (typeof destination === 'string') refuse('url', destination)
  if (destination.kind !== 'http') refuse('url', 'an http:// or https:// address is accepted')
  return destination.url
}

function checkFunction(functionKey: string, qualifier: string, { resolve }: RouteRules): void {
  try {
    resolve(functionKey, qualifier)
  } catch (error) {
    if (!(error instanceof FcError)) throw error
    const isQualifier = error.code === 'AliasNotFound' || error.code === 'VersionNotFound'
    refuse(isQualifier ? 'qualifier' : 'functionKey', error.message)
  }
}

/** Without its secret. */
export function shownRoute(route: AlertRoute): AlertRoute {
  return route.kind === 'webhook' && route.secret !== '' ? { ...route, secret: SECRET_SET } : route
}

export function refuse(field: string, reason: string): never {
  throw new FcError('InvalidArgument', `${field}: ${reason}`)
}
