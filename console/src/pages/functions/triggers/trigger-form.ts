/** A trigger as its form holds it, and as the API takes it. */

export interface Trigger {
  triggerName: string
  triggerType: string
  description: string
  sourceArn: string | null
  qualifier: string
  /** JSON. */
  triggerConfig: string
  httpTrigger: { urlInternet: string; urlIntranet: string } | null
}

export const TRIGGER_TYPES = ['http', 'timer', 'oss', 'eventbridge'] as const
export type TriggerType = (typeof TRIGGER_TYPES)[number]

export const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']
export const AUTH_TYPES = ['anonymous', 'function', 'jwt'] as const
export const OSS_EVENTS = [
  'oss:ObjectCreated:*',
  'oss:ObjectCreated:PutObject',
  'oss:ObjectCreated:PostObject',
  'oss:ObjectCreated:CopyObject',
  'oss:ObjectCreated:AppendObject',
  'oss:ObjectCreated:CompleteMultipartUpload',
  'oss:ObjectModified:UpdateObjectMeta',
  'oss:ObjectRemoved:*',
  'oss:ObjectRemoved:DeleteObject',
  'oss:ObjectRemoved:DeleteObjects',
]

export interface TriggerForm {
  name: string
  type: TriggerType
  /** Empty: LATEST. */
  qualifier: string
  description: string
  methods: string[]
  authType: string
  authConfig: string
  isClosed: boolean
  cron: string
  payload: string
  isEnabled: boolean
  bucket: string
  events: string[]
  prefix: string
  suffix: string
  bus: string
  pattern: string
  schema: string
}

export const newTrigger: TriggerForm = {
  name: '',
  type: 'http',
  qualifier: '',
  description: '',
  methods: ['GET', 'POST'],
  authType: 'anonymous',
  authConfig: '{}',
  isClosed: false,
  cron: '@every 5m',
  payload: '',
  isEnabled: true,
  bucket: '',
  events: ['oss:ObjectCreated:*'],
  prefix: '',
  suffix: '',
  bus: 'default',
  pattern: '{}',
  schema: 'CloudEvents',
}

interface AnyConfig {
  methods?: string[]
  authType?: string
  authConfig?: unknown
  disableURLInternet?: boolean
  cronExpression?: string
  payload?: string
  enable?: boolean
  events?: string[]
  filter?: { key?: { prefix?: string; suffix?: string } }
  triggerEnable?: boolean
  eventRuleFilterPattern?: string
  eventSinkConfig?: { deliveryOption?: { eventSchema?: string } }
}

export const configOf = (trigger: Trigger): AnyConfig => JSON.parse(trigger.triggerConfig || '{}') as AnyConfig

export function formOf(trigger: Trigger): TriggerForm {
  const config = configOf(trigger)
  const { prefix = '', suffix = '' } = config.filter?.key ?? {}
  return {
    ...newTrigger,
    name: trigger.triggerName,
    type: trigger.triggerType as TriggerType,
    qualifier: trigger.qualifier === 'LATEST' ? '' : trigger.qualifier,
    description: trigger.description,
    methods: config.methods ?? newTrigger.methods,
    authType: config.authType ?? 'function',
    authConfig: config.authConfig === undefined ? '{}' : JSON.stringify(config.authConfig, null, 2),
    isClosed: config.disableURLInternet ?? false,
    cron: config.cronExpression ?? '',
    payload: config.payload ?? '',
    isEnabled: config.enable ?? config.triggerEnable ?? true,
    bucket: lastPart(trigger.sourceArn, ':'),
    events: config.events ?? [],
    prefix,
    suffix,
    bus: lastPart(trigger.sourceArn, '/') || newTrigger.bus,
    pattern: config.eventRuleFilterPattern ?? '{}',
    schema: config.eventSinkConfig?.deliveryOption?.eventSchema ?? newTrigger.schema,
  }
}

const lastPart = (text: string | null, separator: string) => text?.slice(text.lastIndexOf(separator) + 1) ?? ''

export function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

export function isComplete(form: TriggerForm): boolean {
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,127}$/.test(form.name)) return false
  switch (form.type) {
    case 'http':
      return form.methods.length > 0 && (form.authType !== 'jwt' || isJsonObject(form.authConfig))
    case 'timer':
      return form.cron.trim() !== ''
    case 'oss':
      return form.bucket.trim() !== '' && form.events.length > 0
    default:
      return form.bus.trim() !== '' && isJsonObject(form.pattern)
  }
}

/** The configuration; members that the form does not show stay as they are in `before`. */
export function configFrom(form: TriggerForm, before: object): object {
  switch (form.type) {
    case 'http':
      return {
        ...before,
        methods: form.methods,
        authType: form.authType,
        disableURLInternet: form.isClosed,
        ...(form.authType === 'jwt' && { authConfig: JSON.parse(form.authConfig) as unknown }),
      }
    case 'timer':
      return { ...before, cronExpression: form.cron.trim(), payload: form.payload, enable: form.isEnabled }
    case 'oss':
      return { events: form.events, filter: { key: { prefix: form.prefix, suffix: form.suffix } } }
    default: {
      const { eventSinkConfig } = before as AnyConfig
      return {
        ...before,
        triggerEnable: form.isEnabled,
        eventRuleFilterPattern: form.pattern,
        eventSinkConfig: { deliveryOption: { ...eventSinkConfig?.deliveryOption, eventSchema: form.schema } },
      }
    }
  }
}

/** What a new trigger listens to; undefined for those that need no source. */
export function sourceArnOf(form: TriggerForm, { region, accountId }: { region: string; accountId: string }) {
  if (form.type === 'oss') return `acs:oss:${region}:${accountId}:${form.bucket.trim()}`
  if (form.type === 'eventbridge') return `acs:eventbridge:${region}:${accountId}:eventbus/${form.bus.trim()}`
  return undefined
}
