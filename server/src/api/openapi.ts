/** The OpenAPI document of an API version, from the table that also serves it. */
import { errorTable } from '../errors.ts'
import type { Route } from './route.ts'

interface Parameter {
  name: string
  in: 'path' | 'query'
  required: boolean
  schema: unknown
}

const errorSchema = {
  type: 'object',
  properties: {
    Code: { type: 'string', enum: Object.keys(errorTable) },
    Message: { type: 'string' },
    RequestId: { type: 'string' },
    ErrorCode: { type: 'string' },
    ErrorMessage: { type: 'string' },
    Position: { type: 'integer', description: 'where in a text that cannot be read, in UTF-16 units' },
  },
}

export function openApiDocument(version: string, routes: readonly Route[]) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = `/${version}${route.path.replaceAll(/:(\w+)/g, '{$1}')}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Function Compute management API', version },
    paths,
    components: { schemas: { Error: errorSchema } },
  }
}

function operation(route: Route) {
  const failure = { description: 'Error', content: json({ $ref: '#/components/schemas/Error' }) }
  return {
    operationId: route.operation,
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(route.body ? { requestBody: { content: json(route.body) } } : {}),
    responses: route.run
      ? { '2XX': { description: 'Success', content: json({ type: 'object' }) }, default: failure }
      : { '501': { ...failure, description: 'Not offered by this version' } },
  }
}

function json(schema: unknown) {
  return { 'application/json': { schema } }
}

function pathParameters({ path }: Route): Parameter[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name: name!,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters({ query }: Route): Parameter[] {
  const { properties = {}, required = [] } = (query ?? {}) as {
    properties?: Record<string, unknown>
    required?: string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}
