/** The configuration of asynchronous invocation cannot be set in this version, so that no function has one. */
import { FcError } from '../../errors.ts'
import type { QualifiedFunction } from './find.ts'

export function refuseUnsetConfig({ function: document, qualifier }: QualifiedFunction): never {
  throw new FcError(
    'AsyncConfigNotExists',
    `function '${document.name}' has no configuration of asynchronous invocation for qualifier '${qualifier}'`,
  )
}
