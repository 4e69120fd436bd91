/** Who is asking, and may they. */

export type Principal =
  /** The holder of the account's key pair: may do everything. */
  | { kind: 'account'; accountId: string }
  /** Code of a function, by the short-lived credentials of its instance. */
  | { kind: 'function'; accountId: string; functionKey: string; role: string }

export interface Credentials {
  accessKeyId: string
  accessKeySecret: string
  /** Present for short-lived (STS) credentials. */
  securityToken: string | null
  expiresAtMs: number | null
}

/** The parts of a request that signatures cover. */
export interface SignedRequest {
  method: string
  /** As on the wire, query included. */
  url: string
  /** Lower-cased names; repeated headers joined as node:http does. */
  headers: Readonly<Record<string, string | string[] | undefined>>
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

export interface Authorizer {
  /** Throws FcError AccessDenied that names action and resource. Actions are `fc:CreateFunction` and so on, resources ARNs. */
  authorize(principal: Principal, action: string, resource: string): void
}

export interface TokenIssuer {
  /** Short-lived credentials for the code of a function. */
  issue(functionKey: string, role: string, nowMs: number): Credentials
}
