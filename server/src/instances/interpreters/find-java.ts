/** The Java runtime of this host: which JVM, what of the host it needs, and what is missing when it cannot run. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, join, sep } from 'node:path'
import { promisify } from 'node:util'
import { type Interpreter, type InterpreterFinder, runtimeFolder } from './interpreter.ts'

/** The runtime is compiled for it. */
const JAVA_VERSION_MIN = 17
/** Folders of a JDK that systems link to their places for configuration and certificates. */
const LINKED_FOLDERS = ['.', 'conf', 'conf/security', 'lib', 'lib/security']
const INSTALL = 'apt-get install default-jdk-headless maven'
const REMEDY = `(Debian: ${INSTALL}) and start the platform again by npm start`

export const javaFinder: InterpreterFinder = {
  language: 'java',
  program: `java ${JAVA_VERSION_MIN} or newer, with its runtime compiled by the setup,`,
  debianCommand: INSTALL,
  commandFor: () => null,
  async find({ path }) {
    const found = await findJava(path, runtimeFolder('java'))
    return 'missing' in found ? [] : [found]
  },
}

/** The interpreter, or why there is none and the command that brings it. */
export async function findJava(path: string, ours: string): Promise<Interpreter | { missing: string }> {
  const program = path
    .split(delimiter)
    .map((folder) => join(folder, 'java'))
    .find((candidate) => existsSync(candidate))
  const properties = program === undefined ? new Map<string, string>() : await propertiesOf(program)
  const home = properties.get('java.home')
  const version = properties.get('java.version') ?? ''
  if (home === undefined || Number.parseInt(version, 10) < JAVA_VERSION_MIN) {
    return { missing: `no java of version ${JAVA_VERSION_MIN} or newer was found on PATH; install it ${REMEDY}` }
  }
  const build = join(ours, 'build')
  if (!existsSync(join(build, 'runtime.jar'))) {
    return { missing: `the Java runtime is not compiled, which needs javac and mvn; install them ${REMEDY}` }
  }
  const flags = JSON.parse(readFileSync(join(ours, 'jvm-flags.json'), 'utf8')) as string[]
  return {
    language: 'java',
    version: /^\d+(\.\d+)*/.exec(version)![0],
    program: join(home, 'bin', 'java'),
    command: [
      join(home, 'bin', 'java'),
      ...flags,
      // Made by the setup for this JVM; another JVM passes over it.
      `-XX:SharedArchiveFile=${join(build, 'classes.jsa')}`,
      `-Djna.boot.library.path=${join(build, 'native')}`,
      ...['-jar', join(build, 'runtime.jar')],
    ],
    readOnlyPaths: [home, ...linkedPlaces(home), build],
  }
}

/** What the JVM says of itself; empty when it does not run. */
async function propertiesOf(program: string): Promise<Map<string, string>> {
  try {
    const { stderr } = await promisify(execFile)(program, ['-XshowSettings:properties', '-version'], {
      timeout: 10_000,
    })
    const lines = [...stderr.matchAll(/^ {4}([\w.]+) = (.*)$/gm)]
    return new Map(lines.map(([, name, value]) => [name!, value!.trim()]))
  } catch {
    return new Map()
  }
}

/** Where links in the JDK lead outside of it: `conf` to /etc, certificates to those of the system. */
function linkedPlaces(home: string): string[] {
  const real = realpathSync(home)
  const entries = LINKED_FOLDERS.filter((folder) => existsSync(join(real, folder))).flatMap((folder) =>
    readdirSync(join(real, folder), { withFileTypes: true })
      .filter((entry) => entry.isSymbolicLink() && existsSync(join(real, folder, entry.name)))
      .map((entry) => realpathSync(join(real, folder, entry.name))),
  )
  return [...new Set(entries)].filter((place) => !place.startsWith(`${real}${sep}`))
}
