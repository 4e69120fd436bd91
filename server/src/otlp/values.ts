/** Values as the JSON encoding of OTLP writes them. Pure. */

export type AnyValue = { stringValue: string } | { boolValue: boolean } | { intValue: string } | { doubleValue: number }

export interface KeyValue {
  key: string
  value: AnyValue
}

/** Those without a value are left out. */
export function attributes(values: Readonly<Record<string, string | number | boolean | undefined>>): KeyValue[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  )
}

export function anyValue(value: string | number | boolean): AnyValue {
  if (typeof value === 'boolean') return { boolValue: value }
  // A lone half of a surrogate pair is no text in protobuf.
  if (typeof value === 'string') return { stringValue: value.toWellFormed() }
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

/** Nanoseconds since 1970 are beyond what a number holds exactly. */
export function nanosOf(ms: number): string {
  const micros = Math.round(ms * 1000)
  return `${Math.floor(micros / 1000)}${String((micros % 1000) * 1000).padStart(6, '0')}`
}
