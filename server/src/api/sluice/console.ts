/** `/sluice/v1/console/tickets`: how the holder of the key pair gets a browser signed in. */
import type { FastifyInstance } from 'fastify'
import type { Vouching } from '../../auth/port.ts'
import { FcError } from '../../errors.ts'

export interface ConsoleRoutesDeps {
  /** Knows the requests of the console's own sessions. */
  vouching: Pick<Vouching, 'principalOf'>
  issueTicket(): { ticket: string; url: string; expiresAtMs: number }
}

/** The app authenticates: `request.principal` says who asks. */
export function registerConsoleRoutes(app: FastifyInstance, deps: ConsoleRoutesDeps): void {
  app.post('/sluice/v1/console/tickets', { config: { operation: 'CreateConsoleTicket' } }, async (request) => {
    // Signing out must end all that came of a session, so none may open another.
    const isSession = deps.vouching.principalOf(request.headers) !== undefined
    if (isSession || request.principal.kind !== 'account') {
      throw new FcError(
        'AccessDenied',
        "tickets for the console are issued to requests that the account's key pair signed",
      )
    }
    return deps.issueTicket()
  })
}
