/** One function of the same behaviour in every language, and how it is deployed. */
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nodeFinder } from '../../src/instances/interpreters/find-node.ts'
import { phpFinder } from '../../src/instances/interpreters/find-php.ts'
import { pythonFinder } from '../../src/instances/interpreters/find-python.ts'
import type { InterpreterFinder } from '../../src/instances/interpreters/interpreter.ts'
import { buildGoWithSdk } from '../runtimes/go-build.ts'
import { compileJava, jarOf, java, libraryJars } from '../support/java.ts'
import type { PackageFiles } from '../support/platform.ts'

const FOLDER = join(import.meta.dirname, 'languages')

export interface Language {
  name: string
  /** Why its functions cannot be built or run here. */
  missing: string | false
  /** Fields of the function; `code` here takes the place of the files. */
  config: Record<string, unknown>
  files: PackageFiles
  /** Text and bytes come back as JSON strings, bytes in base64: what the language's SDK makes of them. */
  answersJson: boolean
}

/** A file of the folder `languages`. */
const source = (...path: string[]) => readFileSync(join(FOLDER, ...path), 'utf8')

const initializer = (handler: string) => ({ instanceLifecycleConfig: { initializer: { handler, timeout: 10 } } })

const missing = async (finder: InterpreterFinder): Promise<string | false> =>
  (await finder.find({ path: process.env['PATH'] ?? '', directory: '' })).length === 0 &&
  `there is no ${finder.program} on PATH`

async function scripted(finder: InterpreterFinder, name: string, runtime: string, file: string): Promise<Language> {
  const config = { runtime, handler: 'index.handler', ...initializer('index.initializer') }
  return { name, missing: await missing(finder), config, files: { [file]: source(name, file) }, answersJson: false }
}

function javaJar(): Language {
  const lacking = 'missing' in java && java.missing
  const fields = { runtime: 'java11', handler: 'example.Orders::handleRequest' }
  const config = { ...fields, ...initializer('example.Orders::initialize'), code: lacking ? {} : javaCode() }
  return { name: 'java', missing: lacking, config, files: {}, answersJson: false }
}

/** A jar with everything in it, as build tools make it. */
function javaCode(): { zipFile: string } {
  const classPath = libraryJars('fc-java-core', 'jackson')
  const classes = compileJava([join(FOLDER, 'java', 'Orders.java')], ['-cp', classPath.join(':')])
  return { zipFile: jarOf(classes, ...classPath).toString('base64') }
}

function go(): Language {
  const built = buildGoWithSdk(join(FOLDER, 'go'))
  const config = { runtime: 'go1', handler: 'main', ...initializer('main') }
  if ('reason' in built) return { name: 'go', missing: built.reason, config, files: {}, answersJson: true }
  const main = readFileSync(built.program)
  rmSync(dirname(built.program), { recursive: true })
  return { name: 'go', missing: false, config, files: { main }, answersJson: true }
}

function custom(): Language {
  const customRuntimeConfig = { command: ['node', 'server.js'], port: 9000 }
  const config = { runtime: 'custom.debian12', customRuntimeConfig, ...initializer('initialize') }
  return {
    name: 'custom',
    missing: false,
    config,
    files: { 'server.js': source('custom', 'server.js') },
    answersJson: false,
  }
}

export const languages: readonly Language[] = [
  await scripted(nodeFinder, 'nodejs', 'nodejs20', 'index.js'),
  await scripted(pythonFinder, 'python', 'python3.10', 'index.py'),
  await scripted(phpFinder, 'php', 'php7.2', 'index.php'),
  javaJar(),
  go(),
  custom(),
]
