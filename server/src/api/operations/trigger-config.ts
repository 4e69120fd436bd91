/** What each trigger type accepts as its configuration. */
import { Type } from 'typebox'
import type { JwtVerifierFactory } from '../../auth/port.ts'
import { FcError } from '../../errors.ts'
import type { JsonObject, JsonValue } from '../../model.ts'
import { createReader } from '../schema.ts'
import { checkTimerExpression } from '../../triggers/port.ts'
import { readEventBridgeConfig } from './eventbridge-config.ts'
import { readOssConfig } from './oss-config.ts'

export const HTTP_METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'] as const
const TIMER_PAYLOAD_BYTES_MAX = 128 * 1024

/** Documented types that this version does not offer. */
const LATER = ['log', 'mns_topic', 'cdn_events', 'tablestore', 'rds']
const OFFERED = ['http', 'timer', 'oss', 'eventbridge']

/** They become header values as they are. */
const headerTexts = Type.Optional(
  Type.Array(Type.String({ pattern: '^[\\x21-\\x7e]+$', description: 'printable ASCII without spaces' })),
)

export const corsConfig = Type.Object({
  allowOrigins: headerTexts,
  allowMethods: headerTexts,
  allowHeaders: headerTexts,
  exposeHeaders: headerTexts,
  allowCredentials: Type.Optional(Type.Boolean()),
  maxAge: Type.Optional(Type.Integer({ minimum: 0 })),
})

const http = createReader(
  Type.Object({
    methods: Type.Optional(
      Type.Array(Type.Union(HTTP_METHODS.map((method) => Type.Literal(method))), {
        description: `a list of ${HTTP_METHODS.join(', ')}`,
      }),
    ),
    authType: Type.Optional(Type.Union([Type.Literal('anonymous'), Type.Literal('function'), Type.Literal('jwt')])),
    authConfig: Type.Optional(Type.Unknown()),
    disableURLInternet: Type.Optional(Type.Boolean()),
    corsConfig: Type.Optional(corsConfig),
  }),
)

const timer = createReader(
  Type.Object({
    cronExpression: Type.String({ description: 'such as @every 5m or 0 30 8 * * *' }),
    payload: Type.Optional(Type.String()),
    enable: Type.Optional(Type.Boolean()),
  }),
)

export function checkTriggerType(type: string): void {
  if (OFFERED.includes(type)) return
  if (LATER.includes(type)) {
    throw new FcError('NotImplemented', `triggers of type '${type}' are not offered by this version`)
  }
  throw new FcError('InvalidArgument', `triggerType must be one of ${[...OFFERED, ...LATER].join(', ')}`)
}

/** The configuration with its defaults. Throws FcError InvalidArgument that names the field. */
export function readTriggerConfig(
  type: string,
  config: unknown,
  createJwtVerifier: JwtVerifierFactory | undefined,
): JsonObject {
  switch (type) {
    case 'oss':
      return readOssConfig(config)
    case 'eventbridge':
      return readEventBridgeConfig(config)
    case 'timer':
      return readTimerConfig(config)
    default:
      return readHttpConfig(config, createJwtVerifier)
  }
}

function readHttpConfig(config: unknown, createJwtVerifier: JwtVerifierFactory | undefined): JsonObject {
  const given = http.read(upperMethods(config), 'triggerConfig')
  if (given.authType === 'jwt') {
    if (given.authConfig === undefined) {
      throw new FcError('InvalidArgument', 'authConfig is required when authType is jwt')
    }
    createJwtVerifier?.(given.authConfig as JsonValue)
  }
  // Without a word about it, only signed requests get in.
  return {
    ...given,
    methods: given.methods ?? [...HTTP_METHODS],
    authType: given.authType ?? 'function',
    disableURLInternet: given.disableURLInternet ?? false,
  } as JsonObject
}

function readTimerConfig(config: unknown): JsonObject {
  const given = timer.read(config, 'triggerConfig')
  checkTimerExpression(given.cronExpression)
  if (Buffer.byteLength(given.payload ?? '') > TIMER_PAYLOAD_BYTES_MAX) {
    throw new FcError('InvalidArgument', `payload must be at most ${TIMER_PAYLOAD_BYTES_MAX} bytes`)
  }
  return { ...given, payload: given.payload ?? '', enable: given.enable ?? true }
}

/** Methods are accepted in any case. */
function upperMethods(config: unknown): unknown {
  if (typeof config !== 'object' || config === null) return config
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) =>
      key.toLowerCase() === 'methods' && Array.isArray(value)
        ? [key, value.map((method: unknown) => (typeof method === 'string' ? method.toUpperCase() : method))]
        : [key, value],
    ),
  )
}
