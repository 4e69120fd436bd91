/** What the search of logs and their bounds accept and answer; the OpenAPI document shows it. */
import { type Static, Type } from 'typebox'
import { functionKey, limit, lineSchema, period } from './schemas.ts'

export { DEFAULT_LIMIT } from './schemas.ts'
export const DEFAULT_BUCKETS = 60
const BUCKETS_MAX = 1000
export const DEFAULT_CONTEXT_LINES = 20
const CONTEXT_LINES_MAX = 500

const searched = {
  query: Type.Optional(Type.String({ maxLength: 8192, description: 'a query of at most 8192 characters' })),
  function: Type.Optional(functionKey),
  ...period,
}
export const searchQuery = Type.Object({
  ...searched,
  descending: Type.Optional(Type.Boolean({ description: 'true for newest first, or false' })),
  limit: Type.Optional(limit),
  cursor: Type.Optional(Type.String({ maxLength: 1024, description: 'nextCursor of the page before' })),
})
export const histogramQuery = Type.Object({
  ...searched,
  buckets: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: BUCKETS_MAX,
      default: DEFAULT_BUCKETS,
      description: `a whole number from 1 to ${BUCKETS_MAX}`,
    }),
  ),
})
const lines = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: CONTEXT_LINES_MAX,
    default: DEFAULT_CONTEXT_LINES,
    description: `a whole number from 0 to ${CONTEXT_LINES_MAX}`,
  }),
)
export const contextQuery = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 2048, description: 'the id of a hit of a search' }),
  before: lines,
  after: lines,
})
export type SearchedQuery = Static<typeof histogramQuery>

const value = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])
export const hitSchema = Type.Object({
  id: Type.String({ description: 'finds the hit again, for its context' }),
  line: lineSchema,
  source: Type.Union([Type.Literal('log'), Type.Literal('request')], {
    description: 'request: the metrics of an invocation, shown as a line at its end',
  }),
  highlights: Type.Array(Type.Array(Type.Integer()), {
    description: 'start and end of what the words of the query found in the text, in UTF-16 units',
  }),
  fields: Type.Record(Type.String(), value, { description: 'request metrics, or members of a line that is JSON' }),
})
const scannedLines = Type.Integer({ description: 'lines and records of all blocks that were looked at' })
export const searchAnswer = Type.Union([
  Type.Object({
    hits: Type.Array(hitSchema),
    nextCursor: Type.Optional(Type.String({ description: 'there may be more, also behind a page that is not full' })),
    scannedLines,
  }),
  Type.Object({
    columns: Type.Array(Type.String()),
    rows: Type.Array(Type.Array(Type.Union([Type.String(), Type.Number(), Type.Null()]))),
    scannedLines,
    truncated: Type.Boolean({ description: 'more rows matched, or came out, than an analysis takes' }),
  }),
])
export const histogramAnswer = Type.Object({
  bucketMs: Type.Integer(),
  buckets: Type.Array(Type.Object({ fromMs: Type.Integer(), count: Type.Integer() })),
  total: Type.Integer(),
})
export const contextAnswer = Type.Object({ hits: Type.Array(hitSchema) })

export const boundsQuery = Type.Object({ function: functionKey })
const retentionDays = { minimum: 1, maximum: 3650, description: 'days, a whole number from 1 to 3650' }
const maxMB = {
  minimum: 1,
  maximum: 1_048_576,
  description: 'MB of lines and records, a whole number from 1 to 1048576',
}
export const boundsBody = Type.Object({
  retentionDays: Type.Optional(Type.Integer(retentionDays)),
  maxMB: Type.Optional(Type.Integer(maxMB)),
})
export const boundsAnswer = Type.Object({
  retentionDays: Type.Integer(retentionDays),
  maxMB: Type.Integer(maxMB),
  isDefault: Type.Boolean({ description: 'the function has set nothing of its own' }),
})
