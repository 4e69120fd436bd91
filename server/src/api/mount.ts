/** Puts a route table on the HTTP application. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FcError } from '../errors.ts'
import type { Authorizer } from '../auth/port.ts'
import { BODY_BYTES_MAX, CODE_BODY_BYTES_MAX } from './body-limits.ts'
import type { Context } from './operations/context.ts'
import { arnOf } from './operations/context.ts'
import { openApiDocument } from './openapi.ts'
import type { Answer, Method, Route } from './route.ts'

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
          zip: request.zip,
          requestId: request.id,
        })
        return send(reply, answer)
      },
    })
  }
  let document: string | undefined
  app.get(`/${version}/openapi.json`, { config: { open: true } }, async (_request, reply) => {
    document ??= JSON.stringify(openApiDocument(version, routes))
    return reply.type('application/json; charset=utf-8').send(document)
  })
}

/** The methods that a path has; none when it is no operation's. */
export function methodsAt(path: string, version: string, routes: readonly Route[]): Method[] {
  const segments = path.split('/')
  return routes.filter((route) => isAt(`/${version}${route.path}`.split('/'), segments)).map((route) => route.method)
}

function isAt(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false
  return pattern.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : segments[index] === part))
}

/** No operation has this method and path; `allowed` are the methods that the path has. */
export function notSupported(method: string, path: string, allowed: readonly string[]): FcError {
  const message = `'${method}' against '${path}' is not supported`
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
