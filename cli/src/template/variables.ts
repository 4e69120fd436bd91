/**
 * `${…}` in s.yaml: `${vars.a.b}`, `${env(NAME)}` and `${env(NAME, default)}`, `${resources.id.props.key}` (in edition 1
 * `${services.…}`) and `${this.props.key}`. Other texts in `${}` stay as they are: they may be meant for a shell.
 */
import type { Environment } from '../connection.ts'
import { usageError } from '../errors.ts'
import { isObject, type Json, objectOf } from '../json.ts'

const EXPRESSION = /\$\{\s*([^{}]*?)\s*\}/g
const ENVIRONMENT = /^env\(\s*(['"]?)([A-Za-z_][A-Za-z0-9_]*)\1\s*(?:,\s*(.*?)\s*)?\)$/
const REFERENCE = /^(vars|resources|services|this)((?:\.[^.\s]+)+)$/
const REFERENCE_DEPTH_MAX = 20

/** A copy of the document with every expression replaced. Throws a usage error that names the place. */
export function resolveVariables(document: Json, environment: Environment): Json {
  const resolveText = (text: string, place: string, resource: string[], depth: number): unknown => {
    if (depth > REFERENCE_DEPTH_MAX) throw usageError(`${place}: '${text}' refers to itself`)
    const evaluate = (expression: string, whole: string): unknown => {
      const variable = ENVIRONMENT.exec(expression)
      if (variable) return readEnvironment(variable[2]!, variable[3], environment, place)
      const reference = REFERENCE.exec(expression)
      if (!reference) return whole
      const keys = reference[2]!.slice(1).split('.')
      const path = reference[1] === 'this' ? [...resource, ...keys] : [reference[1]!, ...keys]
      const value = path.reduce<unknown>(
        (at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined),
        document,
      )
      if (value === undefined) throw usageError(`${place}: '\${${expression}}' is not in the file`)
      return resolve(value, place, path.slice(0, 2), depth + 1)
    }
    const whole = /^\$\{\s*([^{}]*?)\s*\}$/.exec(text)
    // A text that is one expression takes the value's own type.
    if (whole) return evaluate(whole[1]!, text)
    return text.replaceAll(EXPRESSION, (found, expression: string) => {
      const value = evaluate(expression, found)
      if (typeof value === 'object' && value !== null) {
        throw usageError(`${place}: '\${${expression}}' is not a single value, so it cannot stand inside a text`)
      }
      return String(value)
    })
  }
  const resolve = (value: unknown, place: string, resource: string[], depth: number): unknown => {
    if (typeof value === 'string') return resolveText(value, place, resource, depth)
    if (Array.isArray(value)) return value.map((item, i) => resolve(item, `${place}[${i}]`, resource, depth))
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        resolve(
          item,
          place === '' ? key : `${place}.${key}`,
          place === 'resources' || place === 'services' ? [place, key] : resource,
          depth,
        ),
      ]),
    )
  }
  return objectOf(resolve(document, '', [], 0))
}

function readEnvironment(name: string, fallback: string | undefined, environment: Environment, place: string): string {
  const value = environment[name] ?? fallback?.replace(/^(['"])(.*)\1$/, '$2')
  if (value === undefined) throw usageError(`${place}: the environment variable ${name} is not set`)
  return value
}
