/** What tallies are kept of, by name: everything, a service, a function, an instance. */
import type { FunctionKey } from '../../model.ts'

/** Everything here. */
export const REGION = ''
/** The functions beyond the bound; no function has this name. */
export const OTHER_FUNCTIONS: FunctionKey = '*'

export const serviceSubject = (service: string): string => `${service}$`
export const instanceSubject = (instanceId: string): string => `#${instanceId}`

/** The service of a 2.0 function; null: it has none. */
export function serviceOf(functionKey: FunctionKey): string | null {
  const end = functionKey.indexOf('$')
  return end < 0 ? null : functionKey.slice(0, end + 1)
}

export function isFunction(subject: string): boolean {
  return subject !== REGION && !subject.endsWith('$') && !subject.startsWith('#')
}
