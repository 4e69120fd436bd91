/** What this installation is set to, and what waits in it. */
import type { FastifyInstance } from 'fastify'
import type { Authorizer } from '../../auth/port.ts'

export interface StateRoutesDeps {
  accountId: string
  region: string
  authorizer: Authorizer
  /** Secrets are replaced already. */
  settings: readonly { name: string; value: string | number; source: string; help: string }[]
  /** By function and qualifier. */
  backlog(): { functionKey: string; waiting: number; inFlight: number; oldestMs: number }[]
}

const PREFIX = '/sluice/v1'

/** The app authenticates: `request.principal` says who asks. */
export function registerStateRoutes(app: FastifyInstance, deps: StateRoutesDeps): void {
  const everything = `acs:fc:${deps.region}:${deps.accountId}:*`
  app.get(`${PREFIX}/settings`, { config: { operation: 'ListSettings' } }, async ({ principal }) => {
    deps.authorizer.authorize(principal, 'fc:GetInfo', everything)
    return { settings: deps.settings }
  })
  app.get(`${PREFIX}/async/backlog`, { config: { operation: 'ListAsyncBacklog' } }, async ({ principal }) => {
    deps.authorizer.authorize(principal, 'fc:ListStatefulAsyncInvocations', everything)
    return { functions: byFunction(deps.backlog()) }
  })
}

type Backlog = ReturnType<StateRoutesDeps['backlog']>

function byFunction(groups: Backlog): Backlog {
  return [...Map.groupBy(groups, ({ functionKey }) => functionKey)].map(([functionKey, of]) => ({
    functionKey,
    waiting: of.reduce((sum, { waiting }) => sum + waiting, 0),
    inFlight: of.reduce((sum, { inFlight }) => sum + inFlight, 0),
    oldestMs: Math.max(...of.map(({ oldestMs }) => oldestMs)),
  }))
}
