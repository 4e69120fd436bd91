/** What runs functions of one language on this host, and who looks for it. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Interpreter {
  /** As in the table of `runtime-ids.ts`. */
  language: string
  /** Numbers with dots between them, `18.20.8`; empty for what starts programs of any. */
  version: string
  /** The program itself, no link and no wrapper, as people are shown it; empty for the function's own. */
  program: string
  /** Program and arguments that start the runtime. */
  command: readonly string[]
  /** What of the host it needs to see beside the system's own folders. */
  readOnlyPaths: readonly string[]
}

export interface Places {
  /** Folders of programs, as in PATH. */
  path: string
  /** What `sluice runtimes install` brought: a folder for each, named by language and version. */
  directory: string
}

/** Looks for the interpreters of one language. */
export interface InterpreterFinder {
  language: string
  /** What is looked for on PATH, for the message that nothing was found. */
  program: string
  /** The command that brings one to a Debian that has none. */
  debianCommand: string
  /** The command that brings this very version, as a runtime id names it; null when there is none that we know. */
  commandFor(runtime: { name: string; version: string }): string | null
  /** Those that can run functions; of two with the same version the first is preferred. Does not reject. */
  find(places: Places): Promise<Interpreter[]>
}

const RUNTIMES_FOLDER = fileURLToPath(new URL('../../../../runtimes', import.meta.url))

/** Where our part of a language lies that runs beside the function. */
export const runtimeFolder = (language: string) => join(RUNTIMES_FOLDER, language)
