/** Custom domains: which route a path takes, and what the function sees of it. */
import { linearRegExp } from '../linear-regexp.ts'
import type { DomainRoute } from '../model.ts'

/** Exact path first, else the longest `/…/*` whose folder the path is in; methods empty means every method. */
export function matchRoute(routes: readonly DomainRoute[], path: string, method: string): DomainRoute | undefined {
  let best: DomainRoute | undefined
  let bestLength = -1
  for (const route of routes) {
    if (route.methods.length > 0 && !route.methods.includes(method)) continue
    if (route.path === path) return route
    if (!route.path.endsWith('*')) continue
    const folder = route.path.slice(0, -1)
    const isInside = path.startsWith(folder) || `${path}/` === folder
    if (isInside && folder.length > bestLength) {
      best = route
      bestLength = folder.length
    }
  }
  return best
}

/**
 * The path after the first rule that matches: equal rules, then wildcard rules, then regular expressions. Throws FcError
 * InvalidArgument for an expression that cannot be run safely.
 */
export function rewrite(route: DomainRoute, path: string): string {
  if (route.rewrite === null) return path
  const { equalRules, wildcardRules, regexRules } = route.rewrite
  for (const rule of equalRules) if (rule.match === path) return absolute(rule.replacement)
  for (const rule of wildcardRules) {
    const captured = wildcard(rule.match, path)
    if (captured !== undefined)
      return absolute(rule.replacement.replaceAll(/\$(\d)/g, (_, n: string) => captured[Number(n) - 1] ?? ''))
  }
  for (const rule of regexRules) {
    const expression = linear(rule.match)
    if (expression.test(path)) return absolute(path.replace(expression, rule.replacement))
  }
  return path
}

/** What each `*` stands for; undefined when the pattern does not match. No backtracking: the last `*` takes the rest. */
function wildcard(pattern: string, path: string): string[] | undefined {
  const parts = pattern.split('*')
  if (parts.length === 1) return pattern === path ? [] : undefined
  if (!path.startsWith(parts[0]!)) return undefined
  const captured: string[] = []
  let at = parts[0]!.length
  for (let i = 1; i < parts.length - 1; i++) {
    const next = path.indexOf(parts[i]!, at)
    if (next < 0) return undefined
    captured.push(path.slice(at, next))
    at = next + parts[i]!.length
  }
  const last = parts.at(-1)!
  if (path.length - last.length < at || !path.endsWith(last)) return undefined
  captured.push(path.slice(at, path.length - last.length))
  return captured
}

const expressions = new Map<string, RegExp>()
const EXPRESSIONS_MAX = 1000

function linear(pattern: string): RegExp {
  let expression = expressions.get(pattern)
  if (expression === undefined) {
    expression = linearRegExp(pattern)
    if (expressions.size >= EXPRESSIONS_MAX) expressions.clear()
    expressions.set(pattern, expression)
  }
  return expression
}

function absolute(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}
