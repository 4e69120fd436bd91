/** What the endpoints of alerts accept and answer; the OpenAPI document shows it. */
import { type Static, type TSchema, Type } from 'typebox'
import { ANOMALY_DAYS_MAX, RECIPIENTS_MAX, ROUTES_PER_RULE_MAX } from '../../alerts/port.ts'
import { functionKey, PAGE_LIMIT_MAX, TIME_MS_MAX } from './schemas.ts'

const DAY_SECONDS = 86_400
const WEEK_SECONDS = 7 * DAY_SECONDS

const choice = <Choice extends string>(...choices: Choice[]) =>
  Type.Unsafe<Choice>(Type.Union(choices.map((each) => Type.Literal(each))))
const optionalText = (maxLength: number) => Type.Optional(Type.String({ maxLength }))
const time = Type.Integer({ minimum: 0, maximum: TIME_MS_MAX, description: 'milliseconds since 1970' })
const seconds = (minimum: number, maximum: number) => Type.Optional(Type.Integer({ minimum, maximum }))

const name = Type.String({
  pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$',
  description: '1 to 64 of the characters A-Z a-z 0-9 _ . -, beginning with a letter, a digit or _',
})

const condition = Type.Object({
  kind: choice('threshold', 'noData', 'anomaly'),
  comparison: Type.Optional(choice('>', '>=', '<', '<=')),
  threshold: Type.Optional(Type.Number({ minimum: -Number.MAX_VALUE, maximum: Number.MAX_VALUE })),
  deviations: Type.Optional(Type.Number({ minimum: 0.5, maximum: 100 })),
  days: Type.Optional(Type.Integer({ minimum: 3, maximum: ANOMALY_DAYS_MAX })),
  direction: Type.Optional(choice('above', 'below', 'both')),
})
export type ConditionInput = Static<typeof condition>

export const ruleInput = Type.Object({
  name,
  description: optionalText(1024),
  enabled: Type.Optional(Type.Boolean()),
  metric: Type.String({ minLength: 1, maxLength: 128 }),
  service: optionalText(64),
  functionKey: Type.Optional(functionKey),
  instanceId: optionalText(128),
  condition,
  windowSeconds: seconds(10, DAY_SECONDS),
  forSeconds: seconds(0, DAY_SECONDS),
  repeatSeconds: seconds(0, WEEK_SECONDS),
  onNoData: Type.Optional(choice('ok', 'keep', 'fire')),
  severity: Type.Optional(choice('critical', 'warning', 'info')),
  routes: Type.Optional(Type.Array(name, { maxItems: ROUTES_PER_RULE_MAX })),
})
export type RuleInput = Static<typeof ruleInput>

const EMAIL_ADDRESS = "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$"

export const routeInput = Type.Object({
  name,
  kind: choice('webhook', 'email', 'function'),
  url: optionalText(2048),
  secret: optionalText(256),
  to: Type.Optional(
    Type.Array(Type.String({ pattern: EMAIL_ADDRESS, description: 'an e-mail address such as ops@example.com' }), {
      minItems: 1,
      maxItems: RECIPIENTS_MAX,
      description: `a list of 1 to ${RECIPIENTS_MAX} e-mail addresses`,
    }),
  ),
  functionKey: Type.Optional(functionKey),
  qualifier: optionalText(128),
})
export type RouteInput = Static<typeof routeInput>

export const silenceInput = Type.Object({
  rule: Type.String({
    pattern: '^[A-Za-z0-9_.*-]{1,64}$',
    description: 'the name of a rule, in which * stands for any text: at most 64 characters',
  }),
  fromMs: Type.Optional(time),
  toMs: time,
  reason: optionalText(512),
})

export const historyQuery = Type.Object({
  rule: optionalText(64),
  from: Type.Optional(time),
  to: Type.Optional(time),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX })),
  cursor: Type.Optional(Type.String({ pattern: String.raw`^\d{1,15}$`, description: 'nextCursor of the page before' })),
})

const some = Type.Record(Type.String(), Type.Unknown())
export const anObject = some
export const listOf = (member: string): TSchema => Type.Object({ [member]: Type.Array(some) })
export const historyAnswer = Type.Object({ events: Type.Array(some), nextCursor: Type.Optional(Type.String()) })
