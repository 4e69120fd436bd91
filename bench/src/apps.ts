/** The functions that are measured; their code is in `apps/`. */
import { isAbsolute } from 'node:path'
import { fileURLToPath } from 'node:url'
import yazl from 'yazl'
import { phpFinder } from '../../server/src/instances/interpreters/find-php.ts'

export interface App {
  /** Below `apps/`, or a whole path. */
  file: string
  /** Its name in the package. */
  entry: string
  runtime: string
  handler: string
  instanceConcurrency: number
  /** How the program of a custom runtime is started. */
  command?: string[]
}

const app = (file: string, runtime: string, instanceConcurrency: number): App => ({
  file,
  entry: `hello${/\.(py|php)$/.exec(file)?.[0] ?? '.js'}`,
  runtime,
  handler: 'hello.handler',
  instanceConcurrency,
})

/** A 2.0 handler, which gets request and response objects and streams. */
export const hello2 = app('hello-2.cjs', 'nodejs20', 100)
/** A 3.0 handler, which gets the request as a JSON event. */
export const hello3 = app('hello-3.cjs', 'nodejs20', 100)
export const helloPython = app('hello-3.py', 'python3.10', 1)
/** Null where there is no PHP. */
export const helloPhp = (await hasPhp()) ? app('hello-3.php', 'php7.2', 1) : null
export const helloCustom: App = {
  ...app('hello-custom.mjs', 'custom.debian12', 100),
  entry: 'hello.mjs',
  command: ['node', 'hello.mjs'],
}
/** Takes WORK_MS, without the processor. */
export const work = app('work-3.cjs', 'nodejs20', 10)

/** Prints many lines in each call. */
export const lines = app('lines-3.cjs', 'nodejs20', 10)
export const LINES_PER_CALL = 500

export const WORK_MS = 50

async function hasPhp(): Promise<boolean> {
  return (await phpFinder.find({ path: process.env['PATH'] ?? '', directory: '' })).length > 0
}

const zips = new Map<App, Promise<string>>()

/** Its package, in base64. */
export function zipOf(one: App): Promise<string> {
  const zip = zips.get(one) ?? makeZip(one)
  zips.set(one, zip)
  return zip
}

async function makeZip({ file, entry }: App): Promise<string> {
  const zip = new yazl.ZipFile()
  const path = isAbsolute(file) ? file : fileURLToPath(import.meta.resolve(`./apps/${file}`))
  zip.addFile(path, entry, { mtime: new Date(0), mode: 0o100755 })
  zip.end()
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('base64')
}
