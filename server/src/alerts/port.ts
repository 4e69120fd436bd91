/** Rules about metrics, who hears when one is broken, and what was heard. */
import type { IsoTime } from '../model.ts'

export type AlertCondition =
  | {
      kind: 'threshold'
      comparison: '>' | '>=' | '<' | '<='
      threshold: number
    }
  /** Nothing was observed. */
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
  | { kind: 'webhook'; url: string; /** Signs the body; never answered. */ secret: string }
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
  silencedBy: string | null
  evaluatedMs: number
}

export interface AlertEvent {
  id: string
  rule: string
  timeMs: number
  /** `fired`, `repeated` and `resolved` are told by the routes. */
  kind: 'pending' | 'fired' | 'repeated' | 'resolved' | 'noData' | 'silenced' | 'test' | 'deliveryFailed' | 'delivered'
  value: number | null
  message: string
  route: string | null
}

/** What a webhook gets as JSON, a function as its event, and an e-mail in words. */
export interface AlertNotice {
  rule: string
  description: string
  severity: AlertRule['severity']
  state: 'firing' | 'resolved' | 'test'
  metric: string
  functionKey: string | null
  service: string | null
  value: number | null
  condition: string
  startedAt: IsoTime
  at: IsoTime
  /** Where it can be looked at. */
  url: string
}
