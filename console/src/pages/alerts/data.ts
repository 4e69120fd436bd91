/** Rules, routes and silences as the pages of alerts ask for them and change them. */
import type { AlertRoute, AlertRule, AlertStatus, Silence } from '../../../../server/src/alerts/port.ts'
import type { MetricInfo } from '../../../../server/src/metrics/port.ts'
import { api } from '../../api/client.ts'
import { useApi, useChange } from '../../api/use-api.ts'
import type { RuleInput } from './rule-form.ts'

const ALERTS = '/sluice/v1/alerts'
const STATUS_MS = 5000

/** What became of one notice of a test. */
export interface Delivery {
  route: string
  ok: boolean
  message: string
  durationMs: number
}

export const useRules = () => useApi<{ rules: AlertRule[] }>(`${ALERTS}/rules`)
export const useRoutes = () => useApi<{ routes: AlertRoute[] }>(`${ALERTS}/routes`)
export const useSilences = () => useApi<{ silences: Silence[] }>(`${ALERTS}/silences`)
export const useStatuses = () =>
  useApi<{ statuses: AlertStatus[] }>(`${ALERTS}/status`, {}, { refetchInterval: STATUS_MS })
export const useMetrics = () => useApi<{ metrics: MetricInfo[] }>('/sluice/v1/metrics', {}, { staleTime: Infinity })

const named = (kind: 'rules' | 'routes' | 'silences', name: string) => `${ALERTS}/${kind}/${encodeURIComponent(name)}`
const CHANGES = [ALERTS]

/** `before`: the name under which it is there; absent for a new one. */
export const useSaveRule = (before: string | undefined) =>
  useChange<RuleInput, AlertRule>(
    (rule) =>
      before === undefined
        ? api(`${ALERTS}/rules`, { method: 'POST', json: rule })
        : api(named('rules', before), { method: 'PUT', json: rule }),
    CHANGES,
  )

export const useSaveRoute = (before: string | undefined) =>
  useChange<object>(
    (route) =>
      before === undefined
        ? api(`${ALERTS}/routes`, { method: 'POST', json: route })
        : api(named('routes', before), { method: 'PUT', json: route }),
    CHANGES,
  )

export const useSaveSilence = () =>
  useChange<Omit<Silence, 'id' | 'fromMs'>>(
    (silence) => api(`${ALERTS}/silences`, { method: 'POST', json: silence }),
    CHANGES,
  )

export const useRemove = (kind: 'rules' | 'routes' | 'silences') =>
  useChange<string>((name) => api(named(kind, name), { method: 'DELETE' }), CHANGES)

export const useTest = (kind: 'rules' | 'routes') =>
  useChange<string, { deliveries: Delivery[] }>(
    (name) => api(`${named(kind, name)}/test`, { method: 'POST' }),
    [`${ALERTS}/history`],
  )
