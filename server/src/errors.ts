/**
 * Every error the platform answers: code, HTTP status and whose fault it is, in one table.
 * Codes and statuses follow the Function Compute error table; those marked `ours` are not in it.
 */

export type Fault = 'caller' | 'function' | 'platform'

interface ErrorKind {
  status: number
  fault: Fault
}

const caller = (status: number): ErrorKind => ({ status, fault: 'caller' })
const platform = (status: number): ErrorKind => ({ status, fault: 'platform' })
const byFunction = (status: number): ErrorKind => ({ status, fault: 'function' })

export const errorTable = {
  InvalidArgument: caller(400),
  MissingRequiredHeader: caller(400),
  PathNotSupported: caller(400),
  EntityTooLarge: caller(400),
  LimitExceededError: caller(400),
  AdditionalVersionContainsMajorVersion: caller(400),
  SessionExpired: caller(401), // ours: the console is used without having signed in, or too long after
  AccessDenied: caller(403),
  SignatureNotMatch: caller(403),
  InvalidAccessKeyID: caller(403),
  FunctionInvocationDisabled: caller(403),
  ServiceNotFound: caller(404),
  FunctionNotFound: caller(404),
  TriggerNotFound: caller(404),
  AliasNotFound: caller(404),
  VersionNotFound: caller(404),
  DomainNameNotFound: caller(404),
  RouteNotFound: caller(404), // ours: a custom domain has no route for the path
  AsyncConfigNotExists: caller(404),
  AsyncTaskNotFound: caller(404),
  StatefulAsyncInvocationNotFound: caller(404),
  LayerNotFound: caller(404),
  LayerVersionNotFound: caller(404),
  OnDemandConfigNotFound: caller(404),
  InstanceNotFound: caller(404), // ours: no live instance has this id
  AlertRuleNotFound: caller(404), // ours
  AlertRouteNotFound: caller(404), // ours
  AlertSilenceNotFound: caller(404), // ours
  MethodNotAllowed: caller(405), // ours: the HTTP trigger does not list the method
  ServiceAlreadyExists: caller(409),
  FunctionAlreadyExists: caller(409),
  TriggerAlreadyExists: caller(409),
  AliasAlreadyExists: caller(409),
  DomainNameAlreadyExists: caller(409),
  ConcurrentUpdateError: caller(409),
  ServiceNotEmpty: caller(409),
  FunctionNotEmpty: caller(409),
  ProvisionConfigExist: caller(409),
  StatefulAsyncInvocationAlreadyExists: caller(409),
  AlertRuleAlreadyExists: caller(409), // ours
  AlertRouteAlreadyExists: caller(409), // ours
  AlertRouteInUse: caller(409), // ours: rules name the route
  VersionPublishError: caller(409), // ours: publishing with nothing changed (the code was not seen)
  PreconditionFailed: caller(412),
  AsyncInvocationStopped: caller(412),
  CAExited: byFunction(412),
  CAFileNotFound: byFunction(412),
  CAFilePermission: byFunction(412),
  FunctionNotStarted: byFunction(412),
  ResourceExhausted: caller(429),
  ResourceThrottled: platform(429),
  ClientClosedRequest: caller(499),
  InternalServerError: platform(500),
  NotImplemented: platform(501), // ours: a documented operation that this version does not offer
  BadResponse: byFunction(502),
  ServiceUnavailable: platform(503),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorTable

/** An error meant for the caller: answered with the code's status, never logged as a defect. */
export class FcError extends Error {
  readonly code: ErrorCode
  /** Response headers that help the caller, such as `Allow` or `Retry-After`. */
  readonly headers: Readonly<Record<string, string>>
  /** Further members of the error body, such as `Position`. */
  readonly details: Readonly<Record<string, number>>

  constructor(
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    details: Readonly<Record<string, number>> = {},
  ) {
    super(message)
    this.name = 'FcError'
    this.code = code
    this.headers = headers
    this.details = details
  }

  get status(): number {
    return errorTable[this.code].status
  }

  get fault(): Fault {
    return errorTable[this.code].fault
  }
}

/** The error body that clients of all three API versions read: 2016 the first two keys, the others the last three. */
export function errorBody(error: FcError, requestId: string): string {
  const { code, message, details } = error
  const members = { ErrorCode: code, ErrorMessage: message, Code: code, Message: message, RequestId: requestId }
  return JSON.stringify({ ...members, ...details })
}

/** What of an unknown thrown value may be told: the message of an FcError, nothing of anything else. */
export function toFcError(thrown: unknown): FcError {
  if (thrown instanceof FcError) return thrown
  return new FcError(
    'InternalServerError',
    'an internal error has occurred; the platform log names it by this request id',
  )
}
