/** What every runtime must do, whatever its language. Handlers of the same name lie in `handlers/<language>`. */
import type { Lacks } from './capability.ts'
import type { Launch } from './driver.ts'
import { errorCases, eventCases } from './event-cases.ts'
import { fuzzCases, hostileCases } from './hostile-cases.ts'
import { jsonEventCases, streamCases } from './http-cases.ts'
import { lifeCases } from './life-cases.ts'
import { logCases } from './log-cases.ts'

export interface Language {
  name: string
  launch: Launch
  /** The error that `throws` raises at load. */
  errorAtLoad: string
  /** The message for a handler's module that does not exist. */
  missingModule: RegExp
  lacks?: Lacks
  /** A handler that its module does not have, and the message for it, where the language spells handlers its own way. */
  missingHandler?: [handler: string, message: RegExp]
  /** The form that handlers have, where it is not `module.function`. */
  handlerForm?: RegExp
  /** What type names of errors begin with. */
  errorPrefix?: string
  /** Of the documented context, what the language's own interface has no getter for: `field` or `field.field`. */
  notInContext?: readonly string[]
}

export function runtimeContract(language: Language): void {
  eventCases(language)
  errorCases(language)
  lifeCases(language)
  logCases(language)
  jsonEventCases(language)
  streamCases(language)
  hostileCases(language)
  fuzzCases(language)
}
