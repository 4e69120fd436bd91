/** Starts functions that are programs of their own (runtimes/custom). */
import { delimiter, dirname, join } from 'node:path'
import { type Interpreter, runtimeFolder } from './interpreter.ts'

/** Programs find the interpreters that are here on their PATH, the preferred of a language first. */
export function launcher(interpreters: readonly Interpreter[]): Interpreter {
  const folders = [...new Set(interpreters.map(({ program }) => dirname(program)))]
  const paths = interpreters.flatMap(({ readOnlyPaths }) => readOnlyPaths)
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
