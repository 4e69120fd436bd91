/** Regular expressions that anybody may write and anybody may feed. */
import { setFlagsFromString } from 'node:v8'
import { FcError } from './errors.ts'

/**
 * A path is anybody's to choose, so an expression that backtracks could hold up every request of the platform. V8 has an
 * engine whose time is linear in the length of the path; it knows no back references, no look-ahead and no large counted
 * repetitions, as the Go expressions of Function Compute know no back references and no look-around.
 */
setFlagsFromString('--enable-experimental-regexp-engine')

/** Time grows with it too. */
const EXPRESSION_LENGTH_MAX = 512

/** Throws FcError InvalidArgument that says what is accepted. */
export function linearRegExp(pattern: string): RegExp {
  try {
    // oxlint-disable-next-line no-invalid-regexp -- the flag that chooses V8's linear engine
    if (pattern.length <= EXPRESSION_LENGTH_MAX) return new RegExp(pattern, 'l')
  } catch {
    // Told below, with what is accepted.
  }
  throw new FcError(
    'InvalidArgument',
    `regexRules: '${pattern.slice(0, 64)}' is not accepted; give a regular expression of at most ${EXPRESSION_LENGTH_MAX} ` +
      'characters without back references, look-ahead and counted repetitions beyond 16',
  )
}
