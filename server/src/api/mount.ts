/** Puts a route table on the HTTP application. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FcError } from '../errors.ts'
import type { Authorizer } from '../auth/port.ts'
import type { Context } from './operations/context.ts'
import { arnOf } from './operations/context.ts'
import { openApiDocument } from './openapi.ts'
import type { Answer, Route } from './route.ts'

/** Largest body of a call that may carry a code package: 100 MB of zip in base64, and the rest of the request. */
export const CODE_BODY_BYTES_MAX = 150 * 1024 * 1024
export const BODY_BYTES_MAX = 1024 * 1024

export function mount(
  app: FastifyInstance,
  version: string,
  routes: readonly Route[],
  context: Context,
  authorizer: Authorizer,
): void {
  for (const route of routes) {
    app.route({
      method: route.method,
      url: `/${version}${route.path}`,
      config: { operation: route.operation },
      bodyLimit: route.carriesCode ? CODE_BODY_BYTES_MAX : BODY_BYTES_MAX,
      async handler(request, reply) {
        const resource = arnOf(context, resourceOf(route, request))
        authorizer.authorize(request.principal, `fc:${route.operation}`, resource)
        if (!route.run) {
          throw new FcError('NotImplemented', `${route.operation} is not offered by this version of Sluice`)
        }
        const answer = await route.run({
          params: request.params as Record<string, string>,
          query: request.query as Record<string, unknown>,
          body: request.body,
          ifMatch: single(request.headers['if-match']),
          codeChecksum: single(request.headers['x-fc-code-checksum']),
          requestId: request.id,
        })
        return send(reply, answer)
      },
    })
  }
  refuseOtherMethods(app, version, routes)
  let document: string | undefined
  app.get(`/${version}/openapi.json`, { config: { open: true } }, async (_request, reply) => {
    document ??= JSON.stringify(openApiDocument(version, routes))
    return reply.type('application/json; charset=utf-8').send(document)
  })
}

/** A known path with a method that it has not: the answer names the ones it has. */
function refuseOtherMethods(app: FastifyInstance, version: string, routes: readonly Route[]): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const allowed: string[] = routes.filter((route) => route.path === path).map((route) => route.method)
    app.route({
      method: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'].filter(
        (method) => !allowed.includes(method),
      ),
      url: `/${version}${path}`,
      config: { open: true },
      handler(request) {
        throw notSupported(request.method, request.url, allowed)
      },
    })
  }
}

export function notSupported(method: string, url: string, allowed: readonly string[] = []): FcError {
  const message = `'${method}' against '${url.split('?', 1)[0]}' is not supported`
  if (allowed.length === 0) return new FcError('PathNotSupported', message)
  const list = allowed.join(', ')
  return new FcError('PathNotSupported', `${message}; the path supports ${list}`, { allow: list })
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

/** Path segments under which resources have names of their own. */
const COLLECTIONS = ['services', 'functions', 'versions', 'aliases', 'triggers', 'custom-domains', 'layers']

/**
 * What a request acts on: `services/a/functions/b`. For a collection it is the name of what is created, else `*`;
 * actions and settings (`…/code`, `…/invoke/disable`) act on what they belong to.
 */
function resourceOf({ path, method, creates }: Route, request: FastifyRequest): string {
  const params = request.params as Record<string, string>
  const segments = path.slice(1).split('/')
  while (segments.length > 0 && !segments.at(-1)!.startsWith(':') && !COLLECTIONS.includes(segments.at(-1)!)) {
    segments.pop()
  }
  const resource = segments.map((segment) => (segment.startsWith(':') ? params[segment.slice(1)] : segment)).join('/')
  if (segments.at(-1)?.startsWith(':')) return resource
  const body = request.body as Record<string, unknown> | null | undefined
  const created = creates !== null && method === 'POST' ? body?.[creates] : undefined
  const name = typeof created === 'string' ? created : '*'
  return resource === '' ? name : `${resource}/${name}`
}

/** Bodiless answers carry no content type: clients would try to parse the emptiness. */
function send(reply: FastifyReply, { status, body, etag }: Answer): FastifyReply {
  if (etag !== undefined) reply.header('etag', etag)
  if (body === undefined) return reply.code(status ?? 204).send()
  return reply
    .code(status ?? 200)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body))
}
