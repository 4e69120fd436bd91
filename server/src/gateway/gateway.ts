/**
 * The way of a request: resolve → authorize → admit → acquire → exchange → account.
 * Each step goes on or throws an FcError, which is the answer. `invocations/` acquires and accounts, the exchanges
 * carry the bodies; ARCHITECTURE.md draws the same with the error exit of each step.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authenticator, Authorizer, JwtVerifierFactory } from '../auth/port.ts'
import { requestIdV3, uuidV7, type Clock, type Random } from '../clock.ts'
import { FcError, toFcError } from '../errors.ts'
import type { AsyncInvocations, HttpRequestHead, InvocationRequest, Invocations } from '../invocations/port.ts'
import { functionArn, type FunctionVersion } from '../model.ts'
import { answerError } from './answers.ts'
import { acceptEvent, readAsyncOptions } from './async-event.ts'
import { readBody } from './body.ts'
import { corsHeaders, preflightHeaders } from './cors.ts'
import { exchangeEvent } from './event-exchange.ts'
import { exchangeHttp } from './http-exchange.ts'
import { createHttpRulesReader } from './http-rules.ts'
import { exchangeUpgrade, type Upgrading } from './upgrade-exchange.ts'
import { passJwt } from './jwt.ts'
import { HEADER_BYTES_MAX, PAYLOAD_BYTES_MAX } from './limits.ts'
import { readHead, type RequestHead } from './request-head.ts'
import { checkUrlLength, createResolver, splitUrl, type HttpCall, type Url } from './resolve.ts'
import type { Resolved, Routing } from './routing.ts'
import { decoded, hostName, targetOf, triggerHostId, type ApiVersion, type PathTarget } from './target.ts'
import { tracingOf } from './tracing.ts'

export interface GatewayOptions {
  accountId: string
  region: string
  /** Domain of the triggers' host names; itself it is the platform's. */
  publicHost: string
  /** Answer default addresses with Content-Disposition: attachment. */
  attachment: boolean
}

export interface GatewayDeps {
  clock: Clock
  random: Random
  routing: Routing
  authenticator: Authenticator
  authorizer: Authorizer
  createJwtVerifier: JwtVerifierFactory
  invocations: Invocations
  asyncInvocations: Pick<AsyncInvocations, 'accept'>
  /** Everything that is no invocation. */
  management(request: IncomingMessage, response: ServerResponse): void
  /** A thrown value that is no FcError: a defect. */
  onDefect(error: unknown, requestId: string): void
}

/** A request and what was read of it. */
interface Incoming {
  request: IncomingMessage
  response: ServerResponse
  head: RequestHead
  host: string
  url: Url
  requestId: string
  upgrading: Upgrading | undefined
}

/** `upgrading`: the client asks for another protocol on this connection. */
export type Gateway = (request: IncomingMessage, response: ServerResponse, upgrading?: Upgrading) => void

export function createGateway(options: GatewayOptions, deps: GatewayDeps): Gateway {
  const { clock, random, routing } = deps
  const resolver = createResolver(routing, createHttpRulesReader(deps.createJwtVerifier), () => random.fraction())

  return (request, response, upgrading) => {
    let requestId = ''
    try {
      const url = splitUrl(request.url!)
      const head = readHead(request)
      const host = hostName(head.host)
      const hostId = triggerHostId(host, options.publicHost)
      const domain = hostId === null ? routing.domain(host) : undefined
      if (hostId !== null || domain !== undefined) {
        requestId = requestIdV3(clock.nowMs())
        const call =
          domain === undefined ? resolver.host(hostId!, host, url) : resolver.domain(domain, url, request.method!)
        callHttp(call, { request, response, head, host, url, requestId, upgrading })
        return
      }
      const target = targetOf(url.path, url.query)
      if (target.kind === 'management') {
        deps.management(request, response)
        return
      }
      const isV3 = target.kind === 'event' && target.apiVersion === '2023-03-30'
      requestId = isV3 ? requestIdV3(clock.nowMs()) : uuidV7(clock.nowMs())
      const incoming = { request, response, head, host, url, requestId, upgrading }
      if (target.kind === 'proxy') callHttp(resolver.proxy(target), incoming)
      else callEvent(target, incoming)
    } catch (error) {
      refuse(error, response, requestId === '' ? uuidV7(clock.nowMs()) : requestId)
    }
  }

  function callHttp(call: HttpCall, incoming: Incoming): void {
    const { request, response, head, requestId, upgrading } = incoming
    const { auth, cors } = call.rules
    if (
      cors !== null &&
      request.method === 'OPTIONS' &&
      request.headers['access-control-request-method'] !== undefined
    ) {
      const asked = request.headers['access-control-request-headers'] ?? ''
      response.writeHead(204, ['X-Fc-Request-Id', requestId, ...preflightHeaders(cors, head.origin, asked)])
      response.end()
      return
    }
    const extraHeaders = cors === null ? [] : corsHeaders(cors, head.origin)
    if (call.address === 'proxy') extraHeaders.push('Content-Security-Policy', FOREIGN_PAGE)
    if (options.attachment && call.address !== 'domain') extraHeaders.push('Content-Disposition', 'attachment')
    // Signed bodies are checked whole before the function sees a byte; null: it may stream.
    const bodySha256 =
      auth.type === 'function' ? authorizeInvoke(request, call.version, call.address !== 'proxy') : null
    admitHttp(call, request, head)
    if (upgrading !== undefined) admitUpgrade(call.version, head)
    if (auth.type === 'function') dropCredentials(head)
    const http = httpHead(call, incoming)
    const invocation = invocationRequest(call, incoming, http)
    const exchange = (body: Buffer | null) =>
      upgrading === undefined
        ? exchangeHttp(deps.invocations, invocation, request, response, { body, extraHeaders })
        : exchangeUpgrade(deps.invocations, invocation, upgrading, extraHeaders)
    if (auth.type === 'jwt') whenDone(passJwt(auth.verifier, request, head, http), incoming, exchange)
    else if (!head.hasBody) exchange(checkDigest(EMPTY, bodySha256))
    else if (bodySha256 === null) exchange(null)
    else whenDone(readChecked(request, head, bodySha256), incoming, exchange)
  }

  function callEvent(target: Extract<PathTarget, { kind: 'event' }>, incoming: Incoming): void {
    const { request, response, head } = incoming
    if (request.method !== 'POST')
      throw new FcError('MethodNotAllowed', `invocations take POST, not ${request.method}`, { Allow: 'POST' })
    // Who may not ask is not told whether the function exists.
    const bodySha256 = authorizeInvoke(request, target, false)
    const resolved = resolver.event(target)
    if (admitEvent(resolved.version, request) === 'async') {
      acceptLater(resolved, incoming, target.apiVersion, bodySha256)
      return
    }
    const invocation = invocationRequest(resolved, incoming, null)
    whenDone(readChecked(request, head, bodySha256), incoming, (event) =>
      exchangeEvent(deps.invocations, invocation, event, response),
    )
  }

  function acceptLater(
    { version, qualifier }: Resolved,
    incoming: Incoming,
    apiVersion: ApiVersion,
    bodySha256: string | null,
  ): void {
    const { request, response, head, requestId } = incoming
    const asked = {
      requestId,
      functionKey: version.key,
      qualifier,
      ...readAsyncOptions(request, requestId),
      clientIp: request.socket.remoteAddress ?? '',
      tracing: tracingOf(request.rawHeaders),
      depth: 0,
      overrides: null,
    }
    whenDone(readChecked(request, head, bodySha256), incoming, (payload) =>
      acceptEvent(deps.asyncInvocations, { ...asked, payload }, apiVersion, response),
    )
  }

  /** Returns the digest that the body must have; null when the signature does not cover it. */
  function authorizeInvoke(
    request: IncomingMessage,
    of: FunctionVersion | { service: string | null; name: string },
    isHttpTrigger: boolean,
  ): string | null {
    const { principal, bodySha256 } = deps.authenticator.authenticate({
      method: request.method!,
      url: request.url!,
      headers: request.headers,
      httpTrigger: isHttpTrigger,
    })
    const { service, name } = 'function' in of ? of.function : of
    deps.authorizer.authorize(
      principal,
      'fc:InvokeFunction',
      functionArn(options.region, options.accountId, service, name),
    )
    return bodySha256
  }

  function httpHead(call: HttpCall, { request, head, host, url, upgrading }: Incoming): HttpRequestHead {
    return {
      method: request.method!,
      path: decoded(call.rawPath, 'path'),
      rawPath: call.rawPath,
      query: url.query,
      url: request.url!,
      headers: head.forwarded,
      protocol: request.httpVersionMinor === 1 ? 'HTTP/1.1' : 'HTTP/1.0',
      domainName: host,
      triggerId: call.triggerId,
      ...(upgrading === undefined ? undefined : { upgrade: 'websocket' as const }),
    }
  }

  function invocationRequest(
    resolved: Resolved,
    { request, requestId }: Incoming,
    http: HttpRequestHead | null,
  ): InvocationRequest {
    return {
      requestId,
      version: resolved.version,
      qualifier: resolved.qualifier,
      invocationType: 'Sync',
      clientIp: request.socket.remoteAddress ?? '',
      http,
      tracing: tracingOf(request.rawHeaders),
      wantsLogTail: http === null && wordHeader(request, 'x-fc-log-type') === 'tail',
    }
  }

  function whenDone<Value>(
    work: Promise<Value>,
    { response, requestId }: Incoming,
    next: (value: Value) => void | Promise<void>,
  ): void {
    work.then(next).catch((error: unknown) => refuse(error, response, requestId))
  }

  function refuse(thrown: unknown, response: ServerResponse, requestId: string): void {
    if (!(thrown instanceof FcError)) deps.onDefect(thrown, requestId)
    if (!response.destroyed) answerError(response, toFcError(thrown), requestId)
  }
}

/**
 * A page that a function answers by path has the address of the platform, and with it of the console: browsers give it
 * an origin of its own instead, so that its scripts are strangers there.
 */
const FOREIGN_PAGE = 'sandbox allow-scripts allow-forms allow-popups allow-modals allow-downloads'
const EMPTY = Buffer.alloc(0)

function admit(version: FunctionVersion): void {
  const { restriction } = version.function
  if (restriction === null) return
  throw new FcError(
    'FunctionInvocationDisabled',
    `invocation of function '${version.key}' is disabled: ${restriction.reason || 'no reason given'}`,
  )
}

function admitHttp(call: HttpCall, request: IncomingMessage, head: RequestHead): void {
  admit(call.version)
  const { methods } = call
  const method = request.method!
  const url = request.url!
  if (methods.length > 0 && !methods.includes(method)) {
    throw new FcError('MethodNotAllowed', `method ${method} is not among those allowed: ${methods.join(', ')}`, {
      Allow: methods.join(', '),
    })
  }
  if (head.headerBytes > HEADER_BYTES_MAX) {
    throw new FcError(
      'InvalidArgument',
      `the request headers have ${head.headerBytes} bytes, at most ${HEADER_BYTES_MAX} are accepted`,
    )
  }
  checkUrlLength(url)
  if (head.contentLength > PAYLOAD_BYTES_MAX) {
    throw new FcError('EntityTooLarge', `the payload exceeds ${PAYLOAD_BYTES_MAX} bytes`)
  }
}

/** Only a program that speaks HTTP by itself can speak another protocol after it. */
function admitUpgrade({ function: { config } }: FunctionVersion, head: RequestHead): void {
  if (!config.runtime.startsWith('custom')) {
    throw new FcError(
      'NotImplemented',
      `functions of runtime '${config.runtime}' answer HTTP requests, not WebSocket connections; those of custom runtimes do`,
    )
  }
  if (head.hasBody) throw new FcError('InvalidArgument', 'a request for a WebSocket connection has no body')
}

function admitEvent(version: FunctionVersion, request: IncomingMessage): 'sync' | 'async' {
  admit(version)
  const type = wordHeader(request, 'x-fc-invocation-type')
  if (type !== '' && type !== 'sync' && type !== 'async')
    throw new FcError('InvalidArgument', 'x-fc-invocation-type accepts Sync or Async')
  const logType = wordHeader(request, 'x-fc-log-type')
  if (logType !== '' && logType !== 'none' && logType !== 'tail')
    throw new FcError('InvalidArgument', 'x-fc-log-type accepts None or Tail')
  return type === 'async' ? 'async' : 'sync'
}

/** A function must not be able to repeat its caller's signature elsewhere. */
function dropCredentials(head: RequestHead): void {
  const { forwarded } = head
  for (let i = forwarded.length - 2; i >= 0; i -= 2) {
    const name = forwarded[i]!.toLowerCase()
    if (name === 'authorization' || name.startsWith('x-acs-')) forwarded.splice(i, 2)
  }
}

function wordHeader(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value.toLowerCase() : ''
}

async function readChecked(request: IncomingMessage, head: RequestHead, bodySha256: string | null): Promise<Buffer> {
  const body = head.hasBody ? await readBody(request, head.contentLength, PAYLOAD_BYTES_MAX) : EMPTY
  return checkDigest(body, bodySha256)
}

function checkDigest(body: Buffer, bodySha256: string | null): Buffer {
  if (bodySha256 === null || createHash('sha256').update(body).digest('hex') === bodySha256) return body
  throw new FcError('SignatureNotMatch', 'x-acs-content-sha256 is not the SHA-256 of the body that arrived')
}
