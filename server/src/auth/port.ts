/** Who is asking, and may they. */
import type { JsonValue } from '../model.ts'
import type { PolicyStatement } from './policy.ts'

export { CLOCK_SKEW_MAX_MS, sameSignature } from './proof.ts'
export { PolicyError, asObject, covers, effectOf, readStatements, rejectRest, texts } from './policy.ts'
export type { PolicyStatement } from './policy.ts'
export { EMPTY_SHA256, signAcs3 } from './sign-acs3.ts'
export type { Acs3Key, Acs3Request } from './sign-acs3.ts'

export type Principal =
  /** The holder of the account's key pair: may do everything. */
  | { kind: 'account'; accountId: string }
  /** Code of a function, by the short-lived credentials of its instance. */
  | { kind: 'function'; accountId: string; functionKey: string; role: string }
  /** The holder of credentials for a role, narrowed by the policy that they were asked for with; null: none. */
  | {
      kind: 'assumedRole'
      accountId: string
      role: string
      sessionName: string
      policy: readonly PolicyStatement[] | null
    }
  /** The holder of credentials that write one object, and nothing else. */
  | { kind: 'upload'; accountId: string; bucket: string; key: string }

export interface Credentials {
  accessKeyId: string
  accessKeySecret: string
  /** Present for short-lived (STS) credentials. */
  securityToken: string | null
  expiresAtMs: number | null
}

export interface KeyRefusal {
  refusal: 'unknownKey' | 'invalidToken' | 'expiredToken'
  /** For the caller; holds no secret. */
  message: string
}

/** Whose key it is, and the secret that its signatures are made with. */
export interface KeyRing {
  /** `securityToken`: empty when none was sent. */
  find(accessKeyId: string, securityToken: string, nowMs: number): { secret: string; principal: Principal } | KeyRefusal
}

/** The parts of a request that signatures cover. */
export interface SignedRequest {
  method: string
  /** As on the wire, query included. */
  url: string
  /** Lower-cased names; repeated headers joined as node:http does. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  /**
   * True for a request to an HTTP trigger by its host name or a custom domain. The FC signature then covers the query,
   * and ACS3 may leave out host, nonce and body digest, as the vendor's own samples for such triggers do. Default false.
   */
  httpTrigger?: boolean
}

export interface Authenticated {
  principal: Principal
  /**
   * ACS3 signs a digest of the body: the caller must compare it with the body's own before acting on it.
   * Lower-case hex SHA-256; null when the scheme does not cover the body.
   */
  bodySha256: string | null
}

export interface Authenticator {
  /**
   * Verifies FC, ACS3-HMAC-SHA256, ROA v1 and signed-URL signatures, with account keys or STS credentials.
   * Throws FcError: AccessDenied (no or malformed credentials, stale date, replayed nonce, expired token),
   * InvalidAccessKeyID, SignatureNotMatch.
   */
  authenticate(request: SignedRequest): Authenticated
}

/**
 * Whose a request is when it carries no signature, because this process itself knows (the console's sessions). Known by
 * the very object that holds a request's headers: nothing that a client sends can be taken for it.
 */
export interface Vouching {
  vouch(headers: object, principal: Principal): void
  principalOf(headers: object): Principal | undefined
}

export interface Authorizer {
  /** Throws FcError AccessDenied that names action and resource. Actions are `fc:CreateFunction` and so on, resources ARNs. */
  authorize(principal: Principal, action: string, resource: string): void
}

export interface TokenIssuer {
  /** Short-lived credentials for the code of a function. */
  issue(functionKey: string, role: string, nowMs: number): Credentials
  /** For whoever assumes a role; `policy`: text that `readSessionPolicy` accepts, or null. */
  issueForRole(
    session: { role: string; sessionName: string; policy: string | null },
    lifetimeMs: number,
    nowMs: number,
  ): Credentials
  /** Short-lived credentials that may write one object. */
  issueForUpload(bucket: string, key: string, lifetimeMs: number, nowMs: number): Credentials
}

export interface StsAnswer {
  status: number
  body: JsonValue
}

/** AssumeRole of the Security Token Service, over RPC. */
export interface SecurityTokenService {
  /** `parameters`: of query and form, decoded. Refusals are answers too; `requestId` and `host` are for those who ask why. */
  answer(method: string, parameters: ReadonlyMap<string, string>, requestId: string, host: string): StsAnswer
}

export interface JwtRequest {
  /** As on the wire, without the query; for `/2016-08-15/proxy/…` the part after the function. */
  path: string
  /** As on the wire, without the `?`. */
  query: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body of an `application/x-www-form-urlencoded` request; null for every other, or when `usesForm` is false. */
  form: string | null
}

/** How the request reaches the function. Parameters that claims are mapped to hold the claim or nothing, never the client's value. */
export interface JwtPassed {
  /** Lower-cased names; the value replaces every header of that name, null removes them. */
  headers: Readonly<Record<string, string | null>>
  query: string
  form: string | null
}

/** The `jwt` authorisation of one HTTP trigger or custom domain. */
export interface JwtVerifier {
  /** Whether a form body has to be read before `verify`: it may hold the token, or receive claims. */
  readonly usesForm: boolean
  /** Rejects with FcError AccessDenied that says what is wrong with the token; a path that needs no token passes as it is. */
  verify(request: JwtRequest): Promise<JwtPassed>
}

/** `authConfig` as the wire gives it, object or JSON text. Throws FcError InvalidArgument that names the field. */
export type JwtVerifierFactory = (authConfig: JsonValue) => JwtVerifier
