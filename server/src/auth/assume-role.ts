/** Credentials for a role, given to the account, which passes them on: AssumeRole of the Security Token Service. */
import { PolicyError, readSessionPolicy } from './policy.ts'
import { SESSION_POLICY_LENGTH_MAX } from './security-token.ts'
import { checkValue, createStsVerifier, required } from './sts-caller.ts'
import { StsError } from './sts-error.ts'
import type { Clock } from '../clock.ts'
import type { KeyRing, SecurityTokenService, StsAnswer, TokenIssuer } from './port.ts'

const ACTION = 'AssumeRole'
const ROLE_ARN = /^acs:ram::(\d+):role\/([A-Za-z0-9._-]{1,64})$/
const SESSION_NAME = /^[A-Za-z0-9.@_-]{2,64}$/
const DURATION_SECONDS_MIN = 900
const DURATION_SECONDS_DEFAULT = 3600
const DURATION_SECONDS_MAX = 43_200

type Parameters = ReadonlyMap<string, string>

export function createSecurityTokenService(
  options: { accountId: string },
  deps: { clock: Clock; keys: KeyRing; tokens: Pick<TokenIssuer, 'issueForRole'> },
): SecurityTokenService {
  const verify = createStsVerifier(deps.keys)

  function assumeRole(parameters: Parameters, requestId: string, nowMs: number): StsAnswer {
    const role = required(parameters, 'RoleArn')
    const roleName = readRoleName(role, options.accountId)
    const sessionName = readSessionName(required(parameters, 'RoleSessionName'))
    const lifetimeMs = readDurationSeconds(parameters.get('DurationSeconds')) * 1000
    const policy = readPolicy(parameters.get('Policy'))
    const credentials = deps.tokens.issueForRole({ role, sessionName, policy }, lifetimeMs, nowMs)
    return {
      status: 200,
      body: {
        RequestId: requestId,
        AssumedRoleUser: { Arn: `${role}/${sessionName}`, AssumedRoleId: `${roleName}:${sessionName}` },
        Credentials: {
          AccessKeyId: credentials.accessKeyId,
          AccessKeySecret: credentials.accessKeySecret,
          SecurityToken: credentials.securityToken,
          Expiration: `${new Date(credentials.expiresAtMs!).toISOString().slice(0, 19)}Z`,
        },
      },
    }
  }

  return {
    answer(method, parameters, requestId, host) {
      const nowMs = deps.clock.nowMs()
      try {
        if (required(parameters, 'Action') !== ACTION) {
          throw new StsError('InvalidAction.NotFound', `The parameter Action must be ${ACTION}.`)
        }
        checkValue(parameters, 'Version', '2015-04-01')
        checkValue(parameters, 'Format', 'JSON')
        verify(method, parameters, nowMs)
        return assumeRole(parameters, requestId, nowMs)
      } catch (error) {
        if (!(error instanceof StsError)) throw error
        const { code, message, status } = error
        return { status, body: { Code: code, Message: message, RequestId: requestId, HostId: host } }
      }
    },
  }
}

/** Every name is a role of the account: what roles give is the same for all. */
function readRoleName(arn: string, accountId: string): string {
  const [, account, name] = ROLE_ARN.exec(arn) ?? []
  if (name === undefined) {
    throw new StsError(
      'InvalidParameter.RoleArn',
      `The parameter RoleArn must be acs:ram::${accountId}:role/{name}, the name of 1 to 64 letters, digits or ._-`,
    )
  }
  if (account === accountId) return name
  throw new StsError('EntityNotExist.Role', `The role of RoleArn is not of account ${accountId}.`)
}

function readSessionName(name: string): string {
  if (SESSION_NAME.test(name)) return name
  throw new StsError(
    'InvalidParameter.RoleSessionName',
    'The parameter RoleSessionName must have 2 to 64 letters, digits or .@_-',
  )
}

function readDurationSeconds(text: string | undefined): number {
  if (text === undefined) return DURATION_SECONDS_DEFAULT
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (seconds >= DURATION_SECONDS_MIN && seconds <= DURATION_SECONDS_MAX) return seconds
  throw new StsError(
    'InvalidParameter.DurationSeconds',
    `The parameter DurationSeconds must be a number from ${DURATION_SECONDS_MIN} to ${DURATION_SECONDS_MAX}.`,
  )
}

/** Its text, checked. */
function readPolicy(text: string | undefined): string | null {
  if (text === undefined) return null
  if (text.length > SESSION_POLICY_LENGTH_MAX) {
    throw new StsError(
      'InvalidParameter.PolicySize',
      `The parameter Policy must have at most ${SESSION_POLICY_LENGTH_MAX} characters.`,
    )
  }
  try {
    readSessionPolicy(text)
    return text
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw new StsError('InvalidParameter.PolicyGrammar', `The parameter Policy is not valid: ${error.message}.`)
  }
}
