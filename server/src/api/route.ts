/** A row of a route table: one operation of one API version. */
import type { Static, TSchema } from 'typebox'
import { Type } from 'typebox'
import type { JsonObject } from '../model.ts'
import type { ZipOfBody } from './body.ts'
import { coerceQuery, createReader } from './schema.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** `/services/:serviceName` → `{serviceName: string}`. */
export type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Record<Name, string> & ParamsOf<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Record<Name, string>
    : unknown

export interface Answer {
  /** 200 with a body and 204 without, unless given. */
  status?: number
  body?: JsonObject
  etag?: string
}

export interface RawRequest {
  params: Readonly<Record<string, string>>
  query: Readonly<Record<string, unknown>>
  body: unknown
  /** Header If-Match. */
  ifMatch: string | undefined
  /** Header X-Fc-Code-Checksum. */
  codeChecksum: string | undefined
  zip: ZipOfBody
  requestId: string
}

export interface RouteRequest<Path extends string, Body, Query> {
  params: ParamsOf<Path>
  query: Query
  /** The query as sent, for names that are not known beforehand. */
  rawQuery: Readonly<Record<string, unknown>>
  body: Body
  ifMatch: string | undefined
  codeChecksum: string | undefined
  zip: ZipOfBody
  requestId: string
}

interface RouteSpec<Path extends string, Body extends TSchema, Query extends TSchema> {
  operation: string
  method: Method
  path: Path
  body?: Body
  query?: Query
  /** Key of the body that names what is created; makes the resource of the authorisation. */
  creates?: string
  /** The body may hold a code package. */
  carriesCode?: boolean
  handle(request: RouteRequest<Path, Static<Body>, Static<Query>>): Promise<Answer>
}

export interface Route {
  readonly operation: string
  readonly method: Method
  readonly path: string
  readonly body: TSchema | null
  readonly query: TSchema | null
  readonly creates: string | null
  readonly carriesCode: boolean
  /** Null: documented, but not offered. */
  readonly run: ((request: RawRequest) => Promise<Answer>) | null
}

const nothing = Type.Object({})

export function route<
  Path extends string,
  Body extends TSchema = typeof nothing,
  Query extends TSchema = typeof nothing,
>(spec: RouteSpec<Path, Body, Query>): Route {
  const body = createReader(spec.body ?? nothing)
  const query = createReader(spec.query ?? nothing)
  return {
    operation: spec.operation,
    method: spec.method,
    path: spec.path,
    body: spec.body ?? null,
    query: spec.query ?? null,
    creates: spec.creates ?? null,
    carriesCode: spec.carriesCode ?? false,
    run: (request) =>
      spec.handle({
        params: request.params as ParamsOf<Path>,
        query: query.read(coerceQuery(spec.query ?? nothing, request.query)) as Static<Query>,
        rawQuery: request.query,
        body: body.read(request.body ?? {}) as Static<Body>,
        ifMatch: request.ifMatch,
        codeChecksum: request.codeChecksum,
        zip: request.zip,
        requestId: request.requestId,
      }),
  }
}

/** Rows for operations that Function Compute documents and this version does not offer. */
export function notOffered(rows: readonly (readonly [operation: string, method: Method, path: string])[]): Route[] {
  return rows.map(([operation, method, path]) => ({
    operation,
    method,
    path,
    body: null,
    query: null,
    creates: null,
    carriesCode: false,
    run: null,
  }))
}
