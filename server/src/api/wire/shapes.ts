/** Shapes that both generations of the wire share. */
import { Type } from 'typebox'
import type { TProperties } from 'typebox'
import type { JsonObject, JsonValue } from '../../model.ts'
import { HTTP_METHODS } from '../operations/trigger-config.ts'
import { LIST_LIMIT_MAX } from '../operations/list.ts'
import type { NameField } from '../operations/names.ts'
import { nameAccepts } from '../operations/names.ts'

export const text = Type.String()
/** A name that is checked by the operation, after it was found to be text. */
export const nameOf = (field: NameField) => Type.String({ description: nameAccepts(field) })
export const flag = Type.Boolean()
export const texts = Type.Array(text)
export const count = Type.Integer({ minimum: 0 })
export const description = Type.String({ maxLength: 256 })

const MOUNTS_MAX = 5
const ROUTES_MAX = 100

/** An object whose members may all be absent. */
export function shape<Members extends TProperties>(members: Members) {
  return Type.Partial(Type.Object(members))
}

export function oneOf<Value extends string>(...values: readonly Value[]) {
  return Type.Union(values.map((value) => Type.Literal(value)))
}

export const pageQuery = {
  limit: Type.Integer({ minimum: 1, maximum: LIST_LIMIT_MAX }),
  prefix: Type.String({ maxLength: 256 }),
  nextToken: Type.String({ maxLength: 1024 }),
}
export const direction = oneOf('FORWARD', 'BACKWARD')

export const memorySize = Type.Integer({ minimum: 128, maximum: 32_768, multipleOf: 64 })
export const diskSize = Type.Union([Type.Literal(512), Type.Literal(10_240)])
export const timeoutSeconds = Type.Integer({ minimum: 1, maximum: 86_400 })
export const instanceConcurrency = Type.Integer({ minimum: 1, maximum: 200 })
export const port = Type.Integer({ minimum: 1, maximum: 65_535 })
export const environmentVariables = Type.Record(text, text)

export const code = shape({
  zipFile: text,
  ossBucketName: text,
  ossObjectName: text,
  checksum: Type.String({ maxLength: 20 }),
})

export const healthCheck = shape({
  httpGetUrl: Type.String({ maxLength: 2048 }),
  initialDelaySeconds: Type.Integer({ minimum: 0, maximum: 120 }),
  periodSeconds: Type.Integer({ minimum: 1, maximum: 120 }),
  timeoutSeconds: Type.Integer({ minimum: 1, maximum: 3 }),
  failureThreshold: Type.Integer({ minimum: 1, maximum: 120 }),
  successThreshold: Type.Integer({ minimum: 1, maximum: 120 }),
})

export const customDNS = shape({
  nameServers: texts,
  searches: texts,
  dnsOptions: Type.Array(shape({ name: text, value: text })),
})

/** Settings of a 2.0 service and of a 3.0 function. */
export const ownerSettings = {
  logConfig: shape({
    project: text,
    logstore: text,
    enableRequestMetrics: flag,
    enableInstanceMetrics: flag,
    enableLlmMetrics: flag,
    logBeginRule: oneOf('None', 'DefaultRegex'),
  }),
  vpcConfig: shape({ vpcId: text, vSwitchIds: texts, securityGroupId: text, role: text }),
  nasConfig: shape({
    userId: Type.Integer(),
    groupId: Type.Integer(),
    mountPoints: Type.Array(shape({ serverAddr: text, mountDir: text, enableTLS: flag }), { maxItems: MOUNTS_MAX }),
  }),
  ossMountConfig: shape({
    mountPoints: Type.Array(
      shape({ bucketName: text, bucketPath: text, endpoint: text, mountDir: text, readOnly: flag }),
      { maxItems: MOUNTS_MAX },
    ),
  }),
  tracingConfig: shape({ type: text, params: Type.Record(text, text) }),
}

/** How settings look in an answer when the caller left them or parts of them out. */
const emptySettings = {
  logConfig: {
    project: '',
    logstore: '',
    enableRequestMetrics: false,
    enableInstanceMetrics: false,
    logBeginRule: null,
  },
  vpcConfig: { vpcId: '', vSwitchIds: [], securityGroupId: '', role: null },
  nasConfig: { userId: 0, groupId: 0, mountPoints: [] },
  ossMountConfig: { mountPoints: [] },
  tracingConfig: { type: null, params: null },
}

export function setting(settings: Readonly<Record<string, unknown>>, name: keyof typeof emptySettings) {
  return { ...emptySettings[name], ...(settings[name] as object | undefined) }
}

/** The members of a request that were given, ready to be kept. */
export function given<Body extends object>(body: Body, names: readonly (keyof Body & string)[]): JsonObject {
  const entries = names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name] as JsonValue]]))
  return Object.fromEntries(entries) as JsonObject
}

const rules = Type.Array(Type.Object({ match: text, replacement: text }))

export const routeMembers = {
  path: Type.String({ maxLength: 4096 }),
  qualifier: Type.Optional(text),
  methods: Type.Optional(
    Type.Array(Type.Union(HTTP_METHODS.map((method) => Type.Literal(method))), {
      description: `a list of ${HTTP_METHODS.join(', ')}`,
    }),
  ),
  rewriteConfig: Type.Optional(shape({ equalRules: rules, wildcardRules: rules, regexRules: rules })),
}

export function routeConfig<Members extends TProperties>(members: Members) {
  return Type.Object({
    routes: Type.Optional(Type.Array(Type.Object({ ...routeMembers, ...members }), { maxItems: ROUTES_MAX })),
  })
}

export const domainSettings = {
  certConfig: shape({ certName: text, certificate: text, privateKey: text }),
  tlsConfig: shape({ minVersion: text, maxVersion: text, cipherSuites: texts }),
  wafConfig: shape({ enableWAF: flag }),
}
export const protocol = oneOf('HTTP', 'HTTPS', 'HTTP,HTTPS')
