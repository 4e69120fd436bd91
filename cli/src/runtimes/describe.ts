/** What the platform says of its runtimes, in words. Pure. */
import { type Json, objectOf, textOf } from '../json.ts'

/** `nodejs` of `nodejs18`, `custom` of `custom.debian12`. */
export const languageOf = (runtime: string) => /^[a-z-]+/.exec(runtime)?.[0] ?? runtime

/** The version that runs functions of this runtime; empty when nothing does, or it needs none. */
export const versionOf = (runtime: Json) => textOf(objectOf(runtime['runsOn'])['version'])

/** `exact`, `newer`, `older`, or `missing`. */
export function fitOf(runtime: Json): string {
  return runtime['available'] === true ? textOf(objectOf(runtime['runsOn'])['fit']) : 'missing'
}

export function runtimeRow(runtime: Json): Json {
  return {
    runtime: runtime['name'],
    interpreter: versionOf(runtime),
    fit: fitOf(runtime),
    program: objectOf(runtime['runsOn'])['program'],
    'brought by': runtime['install'] ?? (fitOf(runtime) === 'missing' ? runtime['reason'] : ''),
  }
}

/** What runs a runtime: `20.20.2 (newer)`, of an exact version `18.20.8`; empty when that is not known. */
export function interpreterOf(name: string, runtimes: readonly Json[]): string {
  const runtime = runtimes.find((candidate) => candidate['name'] === name)
  if (!runtime) return ''
  const fit = fitOf(runtime)
  if (fit === 'missing') return fit
  return fit === 'exact' ? versionOf(runtime) : `${versionOf(runtime)} (${fit})`
}
