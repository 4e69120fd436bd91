/** Which interpreter runs functions of a runtime id. Pure. */
import type { Interpreter } from './interpreter.ts'
import type { RuntimeId } from './runtime-ids.ts'

/** How the interpreter's version is related to the one that the runtime id names. */
export type Fit = 'exact' | 'newer' | 'older'

export interface Choice {
  interpreter: Interpreter
  fit: Fit
}

/**
 * The version that the id names, as far as it names one (`nodejs18`: any 18); else the nearest newer; else the nearest
 * older. Of the versions that fit alike the newest, of those with one version the first. Null without any.
 */
export function chooseInterpreter(
  { language, version }: RuntimeId,
  interpreters: readonly Interpreter[],
): Choice | null {
  const wanted = numbersOf(version)
  const seriesOf = (interpreter: Interpreter) => numbersOf(interpreter.version).slice(0, wanted.length)
  const candidates = interpreters.filter((interpreter) => interpreter.language === language)
  const groups: Record<Fit, Interpreter[]> = { exact: [], newer: [], older: [] }
  for (const interpreter of candidates) groups[fitOf(compare(seriesOf(interpreter), wanted))].push(interpreter)

  const newestFirst = (a: Interpreter, b: Interpreter) => compare(numbersOf(b.version), numbersOf(a.version))
  const nearestFirst = (a: Interpreter, b: Interpreter) => compare(seriesOf(a), seriesOf(b)) || newestFirst(a, b)
  const best: [Fit, Interpreter | undefined][] = [
    ['exact', groups.exact.toSorted(newestFirst)[0]],
    ['newer', groups.newer.toSorted(nearestFirst)[0]],
    ['older', groups.older.toSorted(newestFirst)[0]],
  ]
  const [fit, interpreter] = best.find(([, candidate]) => candidate !== undefined) ?? []
  return fit && interpreter ? { interpreter, fit } : null
}

function fitOf(order: number): Fit {
  if (order === 0) return 'exact'
  return order > 0 ? 'newer' : 'older'
}

const numbersOf = (version: string) => version.split('.').filter(Boolean).map(Number)

/** Number by number; one that is missing counts as 0. */
function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
