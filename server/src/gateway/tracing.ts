/** The trace that a caller's request belongs to, as its headers tell: for the function to go on with. */
import type { TraceContext } from '../invocations/port.ts'

const SPAN = 'x-fc-tracing-opentracing-span-'
const W3C = ['traceparent', 'tracestate', 'baggage']
const W3C_LENGTHS = new Set(W3C.map(({ length }) => length))
/** W3C Trace Context: what every receiver has to be able to pass on. */
const TRACESTATE_LENGTH_MAX = 512
/** W3C Baggage: what every receiver has to be able to pass on. */
const BAGGAGE_LENGTH_MAX = 8192

/** From the raw headers of a request; null when they carry none. What is malformed is left out: it fails no call. */
export function tracingOf(rawHeaders: readonly string[]): TraceContext | null {
  let sent: Map<string, string[]> | null = null
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const { length } = rawHeaders[i]!
    if (length < SPAN.length && !W3C_LENGTHS.has(length)) continue
    const name = rawHeaders[i]!.toLowerCase()
    if (!name.startsWith(SPAN) && !W3C.includes(name)) continue
    sent ??= new Map()
    const values = sent.get(name)
    if (values === undefined) sent.set(name, [rawHeaders[i + 1]!])
    else values.push(rawHeaders[i + 1]!)
  }
  return sent === null ? null : read(sent)
}

function read(sent: ReadonlyMap<string, string[]>): TraceContext {
  const tracing: TraceContext = {
    openTracingSpanContext: sent.get(`${SPAN}context`)?.at(-1) ?? '',
    openTracingSpanBaggages: baggagesOf(sent),
  }
  const [traceparent, ...more] = sent.get('traceparent') ?? []
  if (traceparent !== undefined && more.length === 0 && isTraceparent(traceparent)) {
    tracing.traceparent = traceparent
    // It belongs to this trace; without one it says nothing.
    const tracestate = sent.get('tracestate')?.join(',') ?? ''
    if (tracestate !== '' && tracestate.length <= TRACESTATE_LENGTH_MAX) tracing.tracestate = tracestate
  }
  const baggage = sent.get('baggage')?.join(',') ?? ''
  if (baggage !== '' && baggage.length <= BAGGAGE_LENGTH_MAX) tracing.baggage = baggage
  return tracing
}

/** `…-baggage-{key}`, one header each, or `…-baggages`, base64 of a JSON object. */
function baggagesOf(sent: ReadonlyMap<string, string[]>): Record<string, string> {
  const prefix = `${SPAN}baggage-`
  const single = [...sent].flatMap(([name, values]): [string, string][] =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), values.at(-1)!]] : [],
  )
  const whole = sent.get(`${SPAN}baggages`)?.at(-1)
  return Object.fromEntries([...(whole === undefined ? [] : textsOf(whole)), ...single])
}

function textsOf(base64: string): [string, string][] {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString())
    const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
    return entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  } catch {
    return []
  }
}

/** W3C Trace Context, level 1: version, trace id, parent id, flags; versions to come may add fields behind. */
function isTraceparent(text: string): boolean {
  const found = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(text)
  if (found === null) return false
  const [, version, traceId, parentId, rest] = found
  if (version === 'ff' || (version === '00' && rest !== undefined)) return false
  return !/^0+$/.test(traceId!) && !/^0+$/.test(parentId!)
}
