/** Rules about metrics, who hears when one is broken, and what was heard. */
import type { IsoTime } from '../model.ts'

export type AlertCondition =
  | {
      kind: 'threshold'
      comparison: '>' | '>=' | '<' | '<='
      threshold: number
    }
  /** Nothing was observed, or a count of 0. */
  | { kind: 'noData' }
  /** Further from the mean of the same hour of earlier days than so many of their standard deviations. */
  | { kind: 'anomaly'; deviations: number; days: number; direction: 'above' | 'below' | 'both' }

export interface AlertRule {
  name: string
  description: string
  enabled: boolean
  metric: string
  service: string | null
  functionKey: string | null
  instanceId: string | null
  condition: AlertCondition
  /** One value is computed of so much time before each evaluation. */
  windowSeconds: number
  /** The condition must have held so long before the alert fires; 0: at once. */
  forSeconds: number
  /** While it fires it is told again so often; 0: once. */
  repeatSeconds: number
  /** What becomes of the state when nothing was observed, for `threshold` and `anomaly`. */
  onNoData: 'ok' | 'keep' | 'fire'
  severity: 'critical' | 'warning' | 'info'
  /** Names of routes. */
  routes: string[]
}

export type AlertRoute = { name: string } & (
  | { kind: 'webhook'; url: string; /** Signs the body, empty: it is not signed; never answered. */ secret: string }
  | { kind: 'email'; to: string[] }
  | { kind: 'function'; functionKey: string; qualifier: string }
)

export interface Silence {
  id: string
  /** Rule names; `*` stands for any text. */
  rule: string
  fromMs: number
  toMs: number
  reason: string
}

export type AlertState = 'ok' | 'pending' | 'firing' | 'noData'

export interface AlertStatus {
  rule: string
  state: AlertState
  sinceMs: number
  value: number | null
  /** The id of a silence. */
  silencedBy: string | null
  /** 0: not yet. */
  evaluatedMs: number
  /** Why it could not be evaluated, or judged, the last time; null: it was. */
  problem: string | null
}

export interface AlertEvent {
  id: string
  rule: string
  timeMs: number
  /** `fired`, `repeated` and `resolved` are told by the routes; `silenced`: it fired, and a silence kept it quiet. */
  kind: 'pending' | 'fired' | 'repeated' | 'resolved' | 'noData' | 'silenced' | 'test' | 'deliveryFailed' | 'delivered'
  value: number | null
  message: string
  route: string | null
}

/** What a webhook gets as JSON, a function as its event, and an e-mail in words. */
export interface AlertNotice {
  /** The same for every route and every attempt: who hears it twice can tell. */
  id: string
  rule: string
  description: string
  severity: AlertRule['severity']
  state: 'firing' | 'resolved' | 'test'
  metric: string
  unit: string
  functionKey: string | null
  service: string | null
  instanceId: string | null
  value: number | null
  condition: string
  /** In one sentence. */
  message: string
  startedAt: IsoTime
  at: IsoTime
  /** Which platform measured it: where several share their rules, each watches what it does itself. */
  platform: string
  /** Where it can be looked at. */
  url: string
}

export interface AlertHistoryQuery {
  rule?: string | undefined
  /** Inclusive. */
  fromMs?: number | undefined
  /** Exclusive. */
  toMs?: number | undefined
  limit: number
  cursor?: string | undefined
}

/** What became of one notice of a test. */
export interface TestDelivery {
  route: string
  ok: boolean
  message: string
  durationMs: number
}

export interface Alerts {
  /** Of each rule that is enabled, by name. */
  statuses(): AlertStatus[]
  /** Newest first. Rejects with FcError when it cannot be read. */
  history(query: AlertHistoryQuery): Promise<{ events: AlertEvent[]; nextCursor?: string }>
  /** Sends a test notice, about this rule if there is one, once through each route, and waits for what becomes of it. */
  test(rule: AlertRule | null, routes: readonly AlertRoute[]): Promise<TestDelivery[]>
}

export const RULES_MAX = 200
export const ROUTES_MAX = 50
/** Those that have not ended. */
export const SILENCES_MAX = 200
export const ROUTES_PER_RULE_MAX = 10
export const RECIPIENTS_MAX = 20
/** A metric is kept by the minute for 31 days. */
export const ANOMALY_DAYS_MAX = 30
/** An earlier day counts when something else than 0 was observed in the hour; fewer days than these say nothing. */
export const ANOMALY_DAYS_MIN = 3

export { windowProblem } from './window.ts'
