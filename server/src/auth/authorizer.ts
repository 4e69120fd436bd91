/** Who may do what: the account everything, a role what every role gives, less what a session withholds, an upload its one object. */
import { FcError } from '../errors.ts'
import { covers, effectOf } from './policy.ts'
import type { Authorizer, Principal } from './port.ts'
import type { PolicyStatement } from './policy.ts'

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

  /** What a policy does not allow it withholds. */
  const sessionAllows = (policy: readonly PolicyStatement[], action: string, resource: string) => {
    const where = resource.replace(/^acs:oss:\*:/, `acs:oss:${options.region}:`)
    return effectOf(policy.filter((statement) => covers(statement, action, where))) === 'allow'
  }

  function isAllowed(principal: Principal, action: string, resource: string): boolean {
    if (principal.accountId !== options.accountId) return false
    if (principal.kind === 'account') return true
    if (principal.kind === 'function') return principal.role !== '' && roleAllows(action, resource)
    if (principal.kind === 'assumedRole') {
      const { policy } = principal
      return roleAllows(action, resource) && (policy === null || sessionAllows(policy, action, resource))
    }
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
  if (principal.kind === 'assumedRole') return `session '${principal.sessionName}' of role '${principal.role}'`
  return `the holder of credentials for object '${principal.key}' in bucket '${principal.bucket}'`
}
