/** Which scope a 3.0 caller may publish in. */
import { FcError } from '../../../errors.ts'
import { scopeOf, splitFunctionKey } from '../../../model.ts'

/** Versions and aliases of a 2.0 function belong to its service, and are reached there. */
export function ownScope(key: string): string {
  const { service, name } = splitFunctionKey(key)
  if (service === null) return scopeOf(key)
  throw new FcError(
    'InvalidArgument',
    `function '${name}' belongs to service '${service}', which has the versions and aliases; use version 2016-08-15 or 2021-04-06`,
  )
}
