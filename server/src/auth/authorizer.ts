/** Who may do what: the account everything, the code of a function what its role gives, an upload its one object. */
import { FcError } from '../errors.ts'
import type { Authorizer, Principal } from './port.ts'

/** What it takes to write an object, in one piece or in parts. */
const UPLOAD_ACTIONS = new Set(['oss:PutObject', 'oss:AbortMultipartUpload', 'oss:ListParts'])

export function createAuthorizer(options: { accountId: string; region: string }): Authorizer {
  const ownFunctions = `acs:fc:${options.region}:${options.accountId}:`
  const ownBuses = `acs:eventbridge:${options.region}:${options.accountId}:`
  const ownObjects = `acs:oss:*:${options.accountId}:`

  /** What every role gives; roles carry no policies of their own yet. */
  const roleAllows = (action: string, resource: string) =>
    (action === 'fc:InvokeFunction' && resource.startsWith(ownFunctions)) ||
    (action === 'eventbridge:PutEvents' && resource.startsWith(ownBuses)) ||
    (action.startsWith('oss:') && resource.startsWith(ownObjects))

  function isAllowed(principal: Principal, action: string, resource: string): boolean {
    if (principal.accountId !== options.accountId) return false
    if (principal.kind === 'account') return true
    if (principal.kind === 'function') return principal.role !== '' && roleAllows(action, resource)
    return UPLOAD_ACTIONS.has(action) && resource === `${ownObjects}${principal.bucket}/${principal.key}`
  }

  return {
    authorize(principal, action, resource) {
      if (isAllowed(principal, action, resource)) return
      throw new FcError(
        'AccessDenied',
        `${nameOf(principal)} is not allowed to perform action '${action}' on resource '${resource}'`,
      )
    },
  }
}

function nameOf(principal: Principal): string {
  if (principal.kind === 'account') return `account ${principal.accountId}`
  if (principal.kind === 'function') return `function '${principal.functionKey}'`
  return `the holder of credentials for object '${principal.key}' in bucket '${principal.bucket}'`
}
