/** Functions that are compiled before they are measured, by compilers that are here; null where there is none. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { App } from './apps.ts'

const COMPILE_MS_MAX = 240_000
const inApps = (path: string) => fileURLToPath(import.meta.resolve(`./apps/${path}`))
const javaJars = fileURLToPath(import.meta.resolve('../../runtimes/java/build/jars'))

/** `reason`: of those that are left out. */
export interface Compiled {
  app: App | null
  reason: string
}

/** Both are written to a folder that lives as long as this process. */
export function compileApps(): { go: Compiled; java: Compiled } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-apps-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return { go: compiled(() => compileGo(join(folder, 'go'))), java: compiled(() => compileJava(join(folder, 'java'))) }
}

function compiled(make: () => App): Compiled {
  try {
    return { app: make(), reason: '' }
  } catch (error) {
    const { stderr, message } = error as { stderr?: Buffer; message: string }
    return { app: null, reason: stderr?.toString().trim().split('\n').at(-1) || message }
  }
}

function compileGo(folder: string): App {
  cpSync(inApps('go'), folder, { recursive: true })
  const run = (...args: string[]) =>
    execFileSync('go', args, {
      cwd: folder,
      timeout: COMPILE_MS_MAX,
      stdio: 'pipe',
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false' },
    })
  run('build', '-trimpath', '-ldflags=-s -w', '-o', 'main', '.')
  return {
    file: join(folder, 'main'),
    entry: 'main',
    runtime: 'go1',
    handler: 'main',
    instanceConcurrency: 100,
  }
}

function compileJava(folder: string): App {
  if (!existsSync(javaJars)) throw new Error('the Java runtime is not compiled')
  const jar = readdirSync(javaJars).find((name) => name.startsWith('fc-java-core'))!
  execFileSync('javac', ['--release', '11', '-cp', join(javaJars, jar), '-d', folder, inApps('java/Hello.java')], {
    timeout: COMPILE_MS_MAX,
    stdio: 'pipe',
  })
  return {
    file: join(folder, 'Hello.class'),
    entry: 'Hello.class',
    runtime: 'java11',
    handler: 'Hello::handleRequest',
    instanceConcurrency: 100,
  }
}
