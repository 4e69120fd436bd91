/** Who may do what: the account everything, the code of a function what its role gives. */
import { FcError } from '../errors.ts'
import type { Authorizer } from './port.ts'

/** What every role gives; roles carry no policies of their own yet. */
const ROLE_ACTION = 'fc:InvokeFunction'

export function createAuthorizer(options: { accountId: string; region: string }): Authorizer {
  const ownResources = `acs:fc:${options.region}:${options.accountId}:`
  return {
    authorize(principal, action, resource) {
      if (principal.accountId === options.accountId) {
        if (principal.kind === 'account') return
        if (principal.role !== '' && action === ROLE_ACTION && resource.startsWith(ownResources)) return
      }
      const who =
        principal.kind === 'account' ? `account ${principal.accountId}` : `function '${principal.functionKey}'`
      throw new FcError('AccessDenied', `${who} is not allowed to perform action '${action}' on resource '${resource}'`)
    },
  }
}
