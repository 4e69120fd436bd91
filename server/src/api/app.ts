/**
 * The management API as an HTTP application without a listener: the gateway hands it the requests that are not
 * invocations. A request's way: id → authenticate → read the body → compare its digest → authorise → validate → act.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify'
import fastify from 'fastify'
import type { Authenticator, Authorizer, JwtVerifierFactory, Principal } from '../auth/port.ts'
import { requestIdV3, uuidV7 } from '../clock.ts'
import { errorBody, FcError, toFcError } from '../errors.ts'
import { EXPOSED_HEADERS } from '../exposed-headers.ts'
import type { TriggerRules } from '../triggers/port.ts'
import { createBodyReader, receiveBlocks, type ZipOfBody } from './body.ts'
import { BODY_BYTES_MAX } from './body-limits.ts'
import { createExecUpgrades } from './exec/upgrade.ts'
import { methodsAt, mount, notSupported } from './mount.ts'
import type { ApiOptions, Context } from './operations/context.ts'
import { createLanes } from '../lanes.ts'
import { isValidPackageLink, PACKAGE_LINK_PATH } from './package-link.ts'
import { fc2Routes } from './wire/fc2.ts'
import { fc3Routes } from './wire/fc3.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; set on every route that is not `open`. */
    principal: Principal
    /** Digest that the signature covers, to be compared with the body's. */
    signedBodySha256: string | null
    zip: ZipOfBody
  }
  interface FastifyContextConfig {
    /** Served without credentials. */
    open?: boolean
    /** Its body is not JSON: the route gets the bytes. */
    rawBody?: boolean
    /** Name in the API's documents. */
    operation?: string
  }
}

export interface ApiDeps extends Pick<
  Context,
  'metadata' | 'packages' | 'objects' | 'tokens' | 'clock' | 'random' | 'runtimes' | 'instances' | 'tasks'
> {
  images?: Context['images']
  triggerRules?: TriggerRules
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
  /** Takes over the socket of a request to become a WebSocket; refuses and closes it when it asks for nothing of ours. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): Promise<void>
}

/** Our readers check, with messages of their own: the compilers that Fastify brings would only take time and memory. */
const WITHOUT_COMPILERS = {
  compilersFactory: { buildValidator: () => () => () => true, buildSerializer: () => () => JSON.stringify },
} as object as NonNullable<FastifyServerOptions['schemaController']>

export async function createApi(options: ApiOptions, deps: ApiDeps): Promise<Api> {
  const { metadata, packages, objects, tokens, clock, random, runtimes, instances, tasks } = deps
  const { authenticator, authorizer } = deps
  const context: Context = {
    options,
    metadata,
    packages,
    objects,
    tokens,
    images: deps.images,
    triggerRules: deps.triggerRules,
    clock,
    random,
    runtimes,
    instances,
    tasks,
    lanes: createLanes(),
    createJwtVerifier: deps.createJwtVerifier,
    knowsServices: true,
  }
  const contexts = { v2: context, v3: { ...context, knowsServices: false } }
  const tables = [
    ['2016-08-15', fc2Routes(contexts.v2, '2016-08-15')],
    ['2021-04-06', fc2Routes(contexts.v2, '2021-04-06')],
    ['2023-03-30', fc3Routes(contexts.v3)],
  ] as const
  const { onDefect, onAnswered } = deps
  const exec = createExecUpgrades({ contexts, authenticator, authorizer, onDefect, onAnswered })
  const app = fastify({
    logger: false,
    schemaController: WITHOUT_COMPILERS,
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
  app.decorateRequest('zip', null)
  const bodies = createBodyReader(clock)
  // Bodies are received whole and as they are, whatever their content type says: signatures cover the bytes.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (request: FastifyRequest) => receiveBlocks(request.raw, request.routeOptions.bodyLimit))
  app.setErrorHandler(fail)
  app.setNotFoundHandler(({ method, url }) => {
    const path = url.split('?', 1)[0]!
    throw notSupported(
      method,
      path,
      tables.flatMap(([version, routes]) => methodsAt(path, version, routes)),
    )
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
    const blocks = (request.body ?? []) as Awaited<ReturnType<typeof receiveBlocks>>
    if (request.routeOptions.config.rawBody) {
      request.body = bodies.join(blocks, request.signedBodySha256)
      return
    }
    const { body, zip } = await bodies.read(blocks, request.signedBodySha256)
    request.body = body
    request.zip = zip
  })

  app.addHook('onResponse', async (request, reply) => {
    const { operation } = request.routeOptions.config
    if (operation !== undefined) deps.onAnswered?.(operation, reply.statusCode, reply.elapsedTime)
  })

  for (const [version, routes] of tables) mount(app, version, routes, context, authorizer)
  servePackages(app, context)
  deps.extraRoutes?.(app)
  await app.ready()

  return {
    handle: (request, response) => app.routing(request, response),
    upgrade: (request, socket, head) => exec.upgrade(request, socket, head),
    close: async () => void (await Promise.all([app.close(), exec.close()])),
  }
}

function standardHeaders(request: FastifyRequest): Record<string, string> {
  return { 'x-fc-request-id': request.id, 'access-control-expose-headers': EXPOSED_HEADERS }
}

/** Fastify's own refusals in the words of the error table. */
function describeFailure(thrown: unknown): FcError {
  if (thrown instanceof FcError) return thrown
  const { code, statusCode } = thrown as Partial<FastifyError>
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
