/** Which runtime id runs on which interpreter of this host. A language is one file and one line here. */
import { type Choice, chooseInterpreter, type Fit } from './interpreters/choose.ts'
import { javaFinder } from './interpreters/find-java.ts'
import { nodeFinder } from './interpreters/find-node.ts'
import { phpFinder } from './interpreters/find-php.ts'
import { pythonFinder } from './interpreters/find-python.ts'
import type { Interpreter, InterpreterFinder, Places } from './interpreters/interpreter.ts'
import { launcher } from './interpreters/launcher.ts'
import { type RuntimeId, runtimeIds } from './interpreters/runtime-ids.ts'

export type { Choice, Interpreter }

const FINDERS: readonly InterpreterFinder[] = [nodeFinder, pythonFinder, phpFinder, javaFinder]

/** What a runtime id means on this host. */
export interface RuntimeStatus {
  name: string
  available: boolean
  /** Why functions of it cannot run here. */
  reason?: string
  /** What runs them. */
  runsOn?: { version: string; program: string; fit: Fit }
  /** The command that brings the version of its name, or one at all; absent when it is here, or we know none. */
  install?: string
}

export interface Runtimes {
  /** The names of all runtime ids. */
  readonly all: readonly string[]
  available(runtime: string): { ok: true } | { ok: false; reason: string }
  /** Throws when `available` says no. */
  choice(runtime: string): Choice
  /** All of this host, the preferred of a language first. */
  interpreters(): readonly Interpreter[]
  /** One entry for each of `all`. */
  list(): RuntimeStatus[]
  /** Looks for interpreters again; resolves when what was there at the call is known. */
  refresh(): Promise<void>
}

/** Looks for the interpreters on this host. */
export async function findRuntimes(places: Places, finders = FINDERS): Promise<Runtimes> {
  const look = async () => {
    const found = (await Promise.all(finders.map((finder) => finder.find(places)))).flat()
    return [...found, launcher(found)]
  }
  let interpreters = await look()
  let running = Promise.resolve()
  let next: Promise<void> | null = null

  const choose = (runtime: string) => {
    const id = runtimeIds.find(({ name }) => name === runtime)
    return id ? chooseInterpreter(id, interpreters) : null
  }
  const finderOf = (runtime: string) => {
    const language = runtimeIds.find(({ name }) => name === runtime)?.language
    return finders.find((finder) => finder.language === language)
  }
  const available = (runtime: string) =>
    choose(runtime) ? ({ ok: true } as const) : ({ ok: false, reason: whyMissing(finderOf(runtime)) } as const)
  return {
    all: runtimeIds.map(({ name }) => name),
    available,
    choice(runtime) {
      const choice = choose(runtime)
      if (!choice) throw new Error(whyMissing(finderOf(runtime)))
      return choice
    },
    interpreters: () => interpreters,
    list: () => runtimeIds.map((id) => statusOf(id, chooseInterpreter(id, interpreters), finderOf(id.name))),
    refresh() {
      next ??= running.then(() => {
        next = null
        running = look().then((found) => void (interpreters = found))
        return running
      })
      return next
    },
  }
}

function whyMissing(finder: InterpreterFinder | undefined): string {
  if (!finder) return 'this version of Sluice does not run functions of this language'
  const { program, debianCommand } = finder
  return `no ${program} was found on PATH; install it (Debian: ${debianCommand}), then let the platform look: npx sluice runtimes`
}

function statusOf(id: RuntimeId, choice: Choice | null, finder: InterpreterFinder | undefined): RuntimeStatus {
  const { name } = id
  if (!choice) {
    return { name, available: false, reason: whyMissing(finder), ...(finder && { install: finder.debianCommand }) }
  }
  const { interpreter, fit } = choice
  const runsOn = { version: interpreter.version, program: interpreter.program, fit }
  const install = fit === 'exact' ? null : finder?.commandFor(id)
  return { name, available: true, runsOn, ...(install && { install }) }
}
