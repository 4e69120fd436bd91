/** What Sluice's own endpoints accept and answer; the OpenAPI document shows it. */
import { type Static, Type } from 'typebox'

export const PAGE_LIMIT_MAX = 1000
const PAGE_LIMIT = 100
export const TIME_MS_MAX = 8_640_000_000_000_000

export const functionKey = Type.String({
  minLength: 1,
  maxLength: 257,
  pattern: String.raw`^[A-Za-z_][A-Za-z0-9_-]*(\$[A-Za-z_][A-Za-z0-9_-]*)?$`,
  description: 'the name of a function, or service$function',
})
const id = (description: string) => Type.Optional(Type.String({ maxLength: 128, description }))
const time = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: TIME_MS_MAX, description }))
const qualifier = id('LATEST, a version, or an alias')
const requestId = id('a request id of at most 128 characters')
const descending = Type.Optional(Type.Boolean({ description: 'true for newest first, or false' }))
export const limit = Type.Integer({
  minimum: 1,
  maximum: PAGE_LIMIT_MAX,
  default: PAGE_LIMIT,
  description: `a whole number from 1 to ${PAGE_LIMIT_MAX}`,
})

const lineFilter = {
  function: functionKey,
  qualifier,
  requestId,
  instanceId: id('an instance id of at most 128 characters'),
  text: Type.Optional(Type.String({ maxLength: 1024, description: 'a text of at most 1024 characters' })),
}
export const period = {
  from: time('milliseconds since 1970, inclusive'),
  to: time('milliseconds since 1970, exclusive'),
}

export const followLinesQuery = Type.Object({
  ...lineFilter,
  function: Type.Optional(functionKey),
  query: Type.Optional(Type.String({ maxLength: 8192, description: 'conditions, of at most 8192 characters' })),
})
export const linesQuery = Type.Object({
  ...lineFilter,
  ...period,
  descending,
  limit: Type.Optional(limit),
  cursor: Type.Optional(Type.String({ maxLength: 1024, description: 'nextCursor of the page before' })),
})
export const followRecordsQuery = Type.Object({ function: Type.Optional(functionKey) })
export const recordsQuery = Type.Object({
  function: Type.Optional(functionKey),
  requestId,
  ...period,
  failed: Type.Optional(Type.Boolean({ description: 'true for failures only, false for successes only' })),
  descending,
  limit: Type.Optional(limit),
})
export const DEFAULT_LIMIT = PAGE_LIMIT

export type LinesQuery = Static<typeof linesQuery>
export type FollowLinesQuery = Static<typeof followLinesQuery>

export const lineSchema = Type.Object({
  functionKey: Type.String(),
  versionId: Type.String(),
  requestId: Type.String({ description: 'empty when the line belongs to no request' }),
  instanceId: Type.String(),
  timeMs: Type.Integer(),
  stream: Type.Union([Type.Literal('stdout'), Type.Literal('stderr'), Type.Literal('system')]),
  text: Type.String(),
  hook: Type.Union([Type.Literal('initialize'), Type.Literal('preFreeze'), Type.Literal('preStop'), Type.Null()], {
    description: 'the lifecycle hook that printed it; null when an invocation did',
  }),
})
export const linesAnswer = Type.Object({ lines: Type.Array(lineSchema), nextCursor: Type.Optional(Type.String()) })
export const recordsAnswer = Type.Object({
  records: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
    description: 'one object per invocation or run of a hook',
  }),
})
const runtimesList = Type.Array(
  Type.Object({
    name: Type.String(),
    available: Type.Boolean(),
    reason: Type.Optional(Type.String({ description: 'why functions of this runtime cannot run here' })),
    runsOn: Type.Optional(
      Type.Object({
        version: Type.String(),
        program: Type.String(),
        fit: Type.Union([Type.Literal('exact'), Type.Literal('newer'), Type.Literal('older')], {
          description: 'than the version that the name of the runtime says',
        }),
      }),
    ),
    install: Type.Optional(Type.String({ description: 'the command that brings the version that is missing' })),
  }),
)
export const runtimesAnswer = Type.Object({ runtimes: runtimesList })
export type RuntimesAnswer = Static<typeof runtimesAnswer>
export const infoAnswer = Type.Object({
  version: Type.String(),
  region: Type.String(),
  accountId: Type.String(),
  endpoints: Type.Record(Type.String(), Type.String(), { description: 'addresses by what they speak' }),
  sandbox: Type.Object({
    kind: Type.String(),
    notice: Type.Union([Type.String(), Type.Null()], { description: 'what a user should know of the isolation' }),
  }),
  runtimes: runtimesList,
})
/** What this installation is, for `sluice version`, `sluice doctor` and the console. */
export type Info = Static<typeof infoAnswer>
