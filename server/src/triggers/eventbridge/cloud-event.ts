/** CloudEvents 1.0 over HTTP: in one JSON object, in headers beside their data, or many in one JSON list. Pure. */
import { FcError } from '../../errors.ts'
import type { JsonValue } from '../../model.ts'

/** Attributes, extensions among them, and the data: `data` as JSON has it, or `data_base64` for bytes. */
export type CloudEvent = {
  id: string
  source: string
  specversion: string
  type: string
  [attribute: string]: JsonValue
}

/** As JSON. What the platform adds, it adds beyond that. */
export const EVENT_BYTES_MAX = 64 * 1024
export const EVENTS_MAX = 1000

const REQUIRED = ['id', 'source', 'specversion', 'type'] as const
const STRUCTURED_TYPE = 'application/cloudevents+json'
const BATCH_TYPE = 'application/cloudevents-batch+json'
const DATA_MEMBERS = ['data', 'data_base64']

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** `headers` by lower-case names. Throws FcError: InvalidArgument, EntityTooLarge. */
export function readCloudEvents(headers: Headers, body: Buffer): CloudEvent[] {
  const contentType = textOf(headers['content-type'])
  const mediaType = contentType.split(';', 1)[0]!.trim().toLowerCase()
  const events = inMode(mediaType, contentType, headers, body)
  if (events.length > EVENTS_MAX) throw refusal(`a batch must have at most ${EVENTS_MAX} events`)
  return events.map((event, index) => checked(event, mediaType === BATCH_TYPE ? `event ${index}: ` : ''))
}

function inMode(mediaType: string, contentType: string, headers: Headers, body: Buffer): unknown[] {
  if (mediaType === STRUCTURED_TYPE) return [parsed(body)]
  if (mediaType === BATCH_TYPE) {
    const batch = parsed(body)
    if (!Array.isArray(batch)) throw refusal(`a body of type ${BATCH_TYPE} must be a JSON list of events`)
    return batch
  }
  if (headers['ce-specversion'] !== undefined) return [binary(contentType, mediaType, headers, body)]
  throw refusal(
    `the request must be of content type ${STRUCTURED_TYPE} or ${BATCH_TYPE}, or have the attributes of an event as ce-… headers`,
  )
}

function binary(contentType: string, mediaType: string, headers: Headers, body: Buffer): unknown {
  const event: Record<string, JsonValue> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('ce-')) event[name.slice('ce-'.length)] = decoded(textOf(value))
  }
  if (contentType !== '') event['datacontenttype'] = contentType
  if (body.length === 0) return event
  if (/[/+]json$/.test(mediaType)) event['data'] = parsed(body) as JsonValue
  else if (mediaType.startsWith('text/')) event['data'] = body.toString()
  else event['data_base64'] = body.toString('base64')
  return event
}

/** What is no printable ASCII comes percent-encoded, and a percent sign, too: from most clients, the JavaScript SDK sends it bare. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function checked(event: unknown, place: string): CloudEvent {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw refusal(`${place}an event must be a JSON object`)
  }
  const members = event as Record<string, JsonValue>
  for (const name of REQUIRED) {
    const value = members[name]
    if (typeof value !== 'string' || value === '') throw refusal(`${place}${name} must be a text that is not empty`)
  }
  if (members['specversion'] !== '1.0') throw refusal(`${place}specversion must be 1.0`)
  for (const [name, value] of Object.entries(members)) {
    if (!DATA_MEMBERS.includes(name)) checkAttribute(place, name, value)
  }
  const base64 = members['data_base64']
  if (base64 !== undefined) {
    if (members['data'] !== undefined) throw refusal(`${place}an event has either data or data_base64`)
    if (typeof base64 !== 'string') throw refusal(`${place}data_base64 must be a text`)
  }
  const bytes = Buffer.byteLength(JSON.stringify(event))
  if (bytes > EVENT_BYTES_MAX) {
    throw new FcError(
      'EntityTooLarge',
      `${place}an event must be at most ${EVENT_BYTES_MAX} bytes, this one has ${bytes}`,
    )
  }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)) as CloudEvent
}

function checkAttribute(place: string, name: string, value: JsonValue): void {
  if (!/^[a-z0-9]{1,64}$/.test(name)) {
    throw refusal(`${place}'${name.slice(0, 100)}' is no name of an attribute: lower-case letters and digits`)
  }
  if (value !== null && typeof value === 'object')
    throw refusal(`${place}${name} must be a text, a number, true or false`)
  if (name === 'time' && value !== null && !isTime(value)) {
    throw refusal(`${place}time must be a time such as 2030-01-31T08:00:00Z`)
  }
}

function isTime(value: JsonValue): boolean {
  return (
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i.test(value) &&
    !Number.isNaN(Date.parse(value))
  )
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw refusal('the body must be JSON')
  }
}

function textOf(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(', ') : (header ?? '')
}

function refusal(message: string): FcError {
  return new FcError('InvalidArgument', message)
}
