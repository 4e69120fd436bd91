/** What a function answers when it failed, in words for a person. */
import { listOf, parseObject, textOf } from './json.ts'
import { printable } from './output.ts'

/** `kind`: of the header X-Fc-Error-Type; `body`: of the answer. */
export function describeFailure(kind: string, body: string): string {
  const { errorMessage, errorType, stackTrace } = parseObject(body)
  const message = errorMessage === undefined ? body : textOf(errorMessage)
  const name = textOf(errorType)
  const stack = listOf(stackTrace).map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  const head = `the function failed (${kind}): ${name === '' ? '' : `${name}: `}${message}`
  return [head, ...stack.map((line) => `  ${line.trim()}`)].map((line) => printable(line, false)).join('\n')
}
