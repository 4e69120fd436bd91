/** What is typed into the form of an alert rule, and the rule that comes of it. */
import type { AlertCondition, AlertRule } from '../../../../server/src/alerts/port.ts'
import type { MetricInfo } from '../../../../server/src/metrics/port.ts'

/** As it is sent: without what the metric is not about. */
export type RuleInput = Omit<AlertRule, Scope> & Partial<Record<Scope, string>>
type Scope = 'service' | 'functionKey' | 'instanceId'

/** Inputs hold text; what it means is read when it is sent. */
export interface RuleForm {
  name: string
  description: string
  enabled: boolean
  metric: string
  service: string
  functionKey: string
  instanceId: string
  kind: AlertCondition['kind']
  comparison: '>' | '>=' | '<' | '<='
  threshold: string
  deviations: string
  days: string
  direction: 'above' | 'below' | 'both'
  windowSeconds: string
  forSeconds: string
  repeatSeconds: string
  onNoData: AlertRule['onNoData']
  severity: AlertRule['severity']
  routes: string[]
}

export type RuleProblem = 'required' | 'notANumber' | 'notPositive' | 'notWhole' | 'negative'
export type RuleProblems = Partial<Record<keyof RuleForm, RuleProblem>>

export const NEW_RULE: RuleForm = {
  name: '',
  description: '',
  enabled: true,
  metric: '',
  service: '',
  functionKey: '',
  instanceId: '',
  kind: 'threshold',
  comparison: '>',
  threshold: '',
  deviations: '3',
  days: '7',
  direction: 'both',
  windowSeconds: '60',
  forSeconds: '0',
  repeatSeconds: '3600',
  onNoData: 'keep',
  severity: 'warning',
  routes: [],
}

/** A budget is a rule about the cost of the month so far. */
export const BUDGET_METRIC = 'RegionMonthCost'

export const NEW_BUDGET: RuleForm = {
  ...NEW_RULE,
  name: 'month-budget',
  metric: BUDGET_METRIC,
  repeatSeconds: '86400',
}

export function formOf(rule: AlertRule): RuleForm {
  const { condition } = rule
  return {
    ...NEW_RULE,
    ...rule,
    service: rule.service ?? '',
    functionKey: rule.functionKey ?? '',
    instanceId: rule.instanceId ?? '',
    kind: condition.kind,
    ...(condition.kind === 'threshold' && {
      comparison: condition.comparison,
      threshold: String(condition.threshold),
    }),
    ...(condition.kind === 'anomaly' && {
      deviations: String(condition.deviations),
      days: String(condition.days),
      direction: condition.direction,
    }),
    windowSeconds: String(rule.windowSeconds),
    forSeconds: String(rule.forSeconds),
    repeatSeconds: String(rule.repeatSeconds),
  }
}

/** Members that the level of a metric asks for. */
export function scopeOf(level: MetricInfo['level'] | undefined): Scope[] {
  if (level === 'service') return ['service']
  if (level === 'function') return ['functionKey']
  if (level === 'instance') return ['instanceId']
  return []
}

/** The rule, or what is wrong with which input. `level`: of the metric that was chosen. */
export function ruleOf(
  form: RuleForm,
  level: MetricInfo['level'] | undefined,
): { rule: RuleInput } | { problems: RuleProblems } {
  const problems: RuleProblems = {}
  for (const member of ['name', 'metric', ...scopeOf(level)] as const) {
    if (form[member].trim() === '') problems[member] = 'required'
  }
  const read = (member: keyof RuleForm, check: (value: number) => RuleProblem | undefined): number => {
    const text = String(form[member]).trim()
    const value = Number(text)
    const problem = text === '' ? 'required' : Number.isFinite(value) ? check(value) : 'notANumber'
    if (problem !== undefined) problems[member] = problem
    return value
  }
  const condition = readCondition(form, read)
  const seconds = {
    windowSeconds: read('windowSeconds', positiveWhole),
    forSeconds: read('forSeconds', wholeOrZero),
    repeatSeconds: read('repeatSeconds', wholeOrZero),
  }
  if (Object.keys(problems).length > 0) return { problems }
  const scope = scopeOf(level).map((member) => [member, form[member].trim()])
  return {
    rule: {
      name: form.name.trim(),
      description: form.description.trim(),
      enabled: form.enabled,
      metric: form.metric,
      ...Object.fromEntries(scope),
      condition,
      ...seconds,
      onNoData: form.onNoData,
      severity: form.severity,
      routes: form.routes,
    },
  }
}

type ReadNumber = (member: keyof RuleForm, check: (value: number) => RuleProblem | undefined) => number

function readCondition(form: RuleForm, read: ReadNumber): AlertCondition {
  if (form.kind === 'noData') return { kind: 'noData' }
  if (form.kind === 'threshold') {
    return { kind: 'threshold', comparison: form.comparison, threshold: read('threshold', () => undefined) }
  }
  const deviations = read('deviations', (value) => (value > 0 ? undefined : 'notPositive'))
  return { kind: 'anomaly', deviations, days: read('days', positiveWhole), direction: form.direction }
}

function positiveWhole(value: number): RuleProblem | undefined {
  return value <= 0 ? 'notPositive' : wholeOrZero(value)
}

function wholeOrZero(value: number): RuleProblem | undefined {
  if (value < 0) return 'negative'
  return Number.isInteger(value) ? undefined : 'notWhole'
}
