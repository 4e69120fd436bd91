import type { JsonObject, JsonValue } from '../../model.ts'

/** Settings after a change: each is replaced whole, and an empty object takes it away. */
export function mergeSettings(before: JsonObject, changes: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, value]) => !isEmptyObject(value)))
}

function isEmptyObject(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}
