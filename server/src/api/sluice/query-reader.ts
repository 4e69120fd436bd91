/** How the routes of this folder read their queries. */
import type { Static, TSchema } from 'typebox'
import { coerceQuery, createReader } from '../schema.ts'

/** What is returned throws FcError InvalidArgument that names the first bad field and what it accepts. */
export function queryReader<Schema extends TSchema>(schema: Schema): (request: { query: unknown }) => Static<Schema> {
  const reader = createReader(schema)
  return ({ query }) => reader.read(coerceQuery(schema, query as Record<string, unknown>))
}
