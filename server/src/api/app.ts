/**
 * The management API as an HTTP application without a listener: the gateway hands it the requests that are not
 * invocations. A request's way: id → authenticate → read the body → compare its digest → authorise → validate → act.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastify from 'fastify'
import type { Authenticator, Authorizer, JwtVerifierFactory, Principal } from '../auth/port.ts'
import { requestIdV3, uuidV7 } from '../clock.ts'
import { errorBody, FcError, toFcError } from '../errors.ts'
import { BODY_BYTES_MAX, mount, notSupported } from './mount.ts'
import type { ApiOptions, Context } from './operations/context.ts'
import { createLanes } from './operations/lanes.ts'
import { isValidPackageLink, PACKAGE_LINK_PATH } from './package-link.ts'
import { fc2Routes } from './wire/fc2.ts'
import { fc3Routes } from './wire/fc3.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; set on every route that is not `open`. */
    principal: Principal
    /** Digest that the signature covers, to be compared with the body's. */
    signedBodySha256: string | null
  }
  interface FastifyContextConfig {
    /** Served without credentials. */
    open?: boolean
    /** Name in the API's documents. */
    operation?: string
  }
}

export interface ApiDeps extends Pick<Context, 'metadata' | 'packages' | 'clock' | 'random' | 'runtimes'> {
  authenticator: Authenticator
  authorizer: Authorizer
  /** Checks jwt configurations when they are given, instead of at the first request; absent: unchecked. */
  createJwtVerifier?: JwtVerifierFactory
  /** Adds routes of our own; they get the same authentication and error rendering, and parsed JSON bodies. */
  extraRoutes?: (app: FastifyInstance) => void
  /** Hears of errors that are not the caller's. */
  onDefect?: (error: unknown, requestId: string) => void
  /** Hears of each answered operation, refused ones included. */
  onAnswered?: (operation: string, status: number, durationMs: number) => void
}

export interface Api {
  /** Answers any request whose path is not an invocation's. */
  handle(request: IncomingMessage, response: ServerResponse): void
  close(): Promise<void>
}

const EXPOSED_HEADERS = [
  'Date',
  'x-fc-request-id',
  'x-fc-error-type',
  'x-fc-code-checksum',
  'x-fc-invocation-duration',
  'x-fc-max-memory-usage',
  'x-fc-log-result',
  'x-fc-invocation-code-version',
].join(',')

export async function createApi(options: ApiOptions, deps: ApiDeps): Promise<Api> {
  const { metadata, packages, clock, random, runtimes, authenticator, authorizer } = deps
  const context: Context = {
    options,
    metadata,
    packages,
    clock,
    random,
    runtimes,
    lanes: createLanes(),
    createJwtVerifier: deps.createJwtVerifier,
    knowsServices: true,
  }
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    requestIdHeader: false,
    genReqId: ({ url = '' }) => (url.startsWith('/2023-03-30') ? requestIdV3 : uuidV7)(clock.nowMs()),
    routerOptions: { maxParamLength: 512 },
    frameworkErrors(error, request, reply) {
      void fail(error, request, reply)
    },
  })

  function fail(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const error = describeFailure(thrown)
    if (error.fault === 'platform' && !(thrown instanceof FcError)) deps.onDefect?.(thrown, request.id)
    return reply
      .code(error.status)
      .headers({ ...error.headers, ...standardHeaders(request) })
      .type('application/json; charset=utf-8')
      .send(errorBody(error, request.id))
  }

  app.decorateRequest('principal')
  app.decorateRequest('signedBodySha256', null)
  readBodies(app)
  app.setErrorHandler(fail)
  app.setNotFoundHandler((request) => {
    throw notSupported(request.method, request.url)
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(standardHeaders(request))
    if (request.is404 || request.routeOptions.config.open) return
    const { method, headers, raw } = request
    const { principal, bodySha256 } = authenticator.authenticate({ method, url: raw.url ?? '', headers })
    request.principal = principal
    request.signedBodySha256 = bodySha256
  })
  app.addHook('preValidation', async (request) => {
    if (request.is404 || request.routeOptions.config.open) return
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    checkDigest(request.signedBodySha256, body)
    request.body = body.length === 0 ? undefined : parseBody(body)
  })

  app.addHook('onResponse', async (request, reply) => {
    const { operation } = request.routeOptions.config
    if (operation !== undefined) deps.onAnswered?.(operation, reply.statusCode, reply.elapsedTime)
  })

  mount(app, '2016-08-15', fc2Routes(context, '2016-08-15'), context, authorizer)
  mount(app, '2021-04-06', fc2Routes(context, '2021-04-06'), context, authorizer)
  mount(app, '2023-03-30', fc3Routes({ ...context, knowsServices: false }), context, authorizer)
  servePackages(app, context)
  deps.extraRoutes?.(app)
  await app.ready()

  return {
    handle: (request, response) => app.routing(request, response),
    close: () => app.close(),
  }
}

function standardHeaders(request: FastifyRequest): Record<string, string> {
  return { 'x-fc-request-id': request.id, 'access-control-expose-headers': EXPOSED_HEADERS }
}

/** Bodies are read whole and as they are, whatever their content type says: signatures cover the bytes. */
function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

function checkDigest(signed: string | null, body: Buffer): void {
  if (signed === null) return
  if (createHash('sha256').update(body).digest('hex') === signed.toLowerCase()) return
  throw new FcError('SignatureNotMatch', 'the body is not the one that x-acs-content-sha256 describes')
}

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new FcError('InvalidArgument', 'the body must be JSON')
  }
}

/** Fastify's own refusals in the words of the error table. */
function describeFailure(thrown: unknown): FcError {
  if (thrown instanceof FcError) return thrown
  const { code, statusCode } = thrown as Partial<FastifyError>
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new FcError('EntityTooLarge', 'the body is larger than this operation accepts', { connection: 'close' })
  }
  if (code?.startsWith('FST_') && statusCode !== undefined && statusCode < 500) {
    return new FcError('InvalidArgument', `the request is malformed (${code.slice('FST_ERR_'.length)})`)
  }
  return toFcError(thrown)
}

function servePackages(app: FastifyInstance, { options, packages, clock }: Context): void {
  app.get(`${PACKAGE_LINK_PATH}/:file`, { config: { open: true } }, async (request, reply) => {
    const { file } = request.params as { file: string }
    const query = request.query as { expires?: string; signature?: string }
    const sha256 = /^([0-9a-f]{64})\.zip$/.exec(file)?.[1]
    if (sha256 === undefined || !isValidPackageLink(options.packageUrlKey, sha256, query, clock.nowMs())) {
      throw new FcError('AccessDenied', 'the link is not valid or no longer valid; ask for the code again')
    }
    const zip = await packages.open(sha256)
    if (!zip) throw new FcError('FunctionNotFound', 'the package of this link no longer exists')
    return reply
      .type('application/zip')
      .header('content-disposition', `attachment; filename="${sha256.slice(0, 12)}.zip"`)
      .send(zip)
  })
}
