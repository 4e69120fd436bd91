/** Functions in Java for tests: compiled against the interfaces that the Java runtime was built with. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findJava } from '../../src/instances/interpreters/find-java.ts'
import type { Interpreter } from '../../src/instances/runtimes.ts'

const runtimeFolder = fileURLToPath(new URL('../../../runtimes/java', import.meta.url))
const libraries = join(runtimeFolder, 'build', 'jars')

/** The interpreter, or why there is none. */
export const java: Interpreter | { missing: string } = await findJava(process.env['PATH'] ?? '', runtimeFolder)

/** Library jars that the runtime was built with, by the beginning of their names. */
export function libraryJars(...names: string[]): string[] {
  return readdirSync(libraries)
    .filter((file) => names.some((name) => file.startsWith(name)))
    .map((file) => join(libraries, file))
}

export function run(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`)
}

/** Compiles source files, given as paths, to a new folder of classes. */
export function compileJava(sources: readonly string[], options: readonly string[] = []): string {
  const classes = mkdtempSync(join(tmpdir(), 'sluice-java-'))
  const classPath = libraryJars('fc-java-core', 'jackson-annotations').join(delimiter)
  run('javac', ['--release', '17', '-cp', classPath, ...options, '-d', classes, ...sources])
  return classes
}

/** Packs a folder of classes, with what other jars hold beside them (a fat jar). */
export function jarOf(classes: string, ...others: string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-jar-'))
  const content = join(folder, 'content')
  mkdirSync(content)
  for (const other of others) {
    const { status } = spawnSync('jar', ['xf', other], { cwd: content })
    if (status !== 0) throw new Error(`${other} could not be unpacked`)
  }
  cpSync(classes, content, { recursive: true })
  const file = join(folder, 'function.jar')
  run('jar', ['--create', '--file', file, '-C', content, '.'])
  return readFileSync(file)
}
