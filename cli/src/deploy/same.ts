/** Whether what is there already is what is wanted, so that nothing is written for nothing. */
import { isObject, type Json } from '../json.ts'

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.values(value).every(isEmpty))

/** Maps that an update replaces whole: a key that is no longer wanted makes a difference. */
const WHOLE_MAPS = new Set(['environmentVariables', 'additionalVersionWeight'])

/**
 * True when every field of `wanted` is in `actual` with that value. Fields that only `actual` has are the platform's
 * own (ids, times, defaults); empty values and absent ones are the same.
 */
function isSame(wanted: unknown, actual: unknown, key = ''): boolean {
  if (isEmpty(wanted)) return isEmpty(actual)
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(actual) && wanted.length === actual.length && wanted.every((item, i) => isSame(item, actual[i]))
    )
  }
  if (isObject(wanted)) {
    if (!isObject(actual)) return false
    if (WHOLE_MAPS.has(key) && Object.keys(actual).length !== Object.keys(wanted).length) return false
    return Object.entries(wanted).every(([name, value]) => isSame(value, actual[name], name))
  }
  // Layers are given as ARNs and answered as objects that hold them.
  if (isObject(actual) && 'arn' in actual) return wanted === actual['arn']
  return wanted === actual
}

/** True when all fields of `wanted` are in `actual`; nothing wanted is always there. */
export function hasFields(wanted: Json, actual: Json): boolean {
  return Object.entries(wanted).every(([name, value]) => isSame(value, actual[name], name))
}
