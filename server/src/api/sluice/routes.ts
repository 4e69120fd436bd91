/** Sluice's own endpoints beside the compatible ones: logs, invocation records, and what this installation is. */
import type { FastifyInstance } from 'fastify'
import { createFollowers } from './follow.ts'
import { addLogBoundsRoutes } from './log-bounds.ts'
import { addLogSearchRoutes } from './log-search.ts'
import { addLogRoutes } from './logs.ts'
import { authorize, PREFIX, type LogRoutesDeps } from './of-function.ts'
import { addRecordRoutes } from './records.ts'
import * as schemas from './schemas.ts'

export type { Info } from './schemas.ts'

export interface SluiceRoutesDeps extends LogRoutesDeps {
  info(): schemas.Info | Promise<schemas.Info>
  /** What is here now: looks for interpreters again. */
  runtimes(): Promise<schemas.RuntimesAnswer['runtimes']>
}

/** Registers the endpoints under `/sluice/v1`. The app authenticates: `request.principal` says who asks. */
export function registerSluiceRoutes(app: FastifyInstance, deps: SluiceRoutesDeps): void {
  const followers = createFollowers(deps.clock)
  void app.register(async (scope) => {
    // The schemas document; the reader below checks, with the messages that the whole API gives.
    scope.setValidatorCompiler(() => () => true)
    scope.setSerializerCompiler(() => (value) => JSON.stringify(value))
    scope.addHook('preClose', async () => followers.close())
    addLogRoutes(scope, deps, followers)
    addLogSearchRoutes(scope, deps)
    addLogBoundsRoutes(scope, deps)
    addRecordRoutes(scope, deps, followers)
    scope.get(
      `${PREFIX}/info`,
      {
        schema: { operationId: 'GetInfo', summary: 'What this installation is', response: { 200: schemas.infoAnswer } },
      },
      async (request) => {
        authorize(deps, request, 'fc:GetInfo', '*')
        return deps.info()
      },
    )
    scope.get(
      `${PREFIX}/runtimes`,
      {
        schema: {
          operationId: 'ListRuntimes',
          summary: 'Every runtime and what runs its functions, after another look at what is installed',
          response: { 200: schemas.runtimesAnswer },
        },
      },
      async (request) => {
        authorize(deps, request, 'fc:GetInfo', '*')
        return { runtimes: await deps.runtimes() }
      },
    )
  })
}
