/** Starts functions that are programs of their own (runtimes/custom). */
import { delimiter, dirname, join } from 'node:path'
import { type Interpreter, runtimeFolder } from './interpreter.ts'

/**
 * Programs find the preferred interpreter of each language on their PATH. Others would be hidden by it there, and be mounts
 * that every sandbox pays for.
 */
export function launcher(interpreters: readonly Interpreter[]): Interpreter {
  const preferred = interpreters.filter(
    ({ language }, at) => interpreters.findIndex((other) => other.language === language) === at,
  )
  const folders = [...new Set(preferred.map(({ program }) => dirname(program)))]
  const paths = preferred.flatMap(({ readOnlyPaths }) => readOnlyPaths)
  const folder = runtimeFolder('custom')
  return {
    language: 'custom',
    // What runs is the function's own, not what starts it.
    ...{ version: '', program: '' },
    command: [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      join(folder, 'launch.cjs'),
      folders.join(delimiter),
    ],
    readOnlyPaths: [...new Set([process.execPath, ...paths, folder])],
  }
}
