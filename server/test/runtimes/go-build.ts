/** Builds the Go functions of the tests, once per change of their source: what a machine has built it keeps. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const STEP_MS_MAX = 240_000
/** A module proxy that does not answer keeps nobody. */
const DOWNLOAD_MS_MAX = 30_000
const SDK = 'github.com/aliyun/fc-runtime-go-sdk'
/** By name: not every module proxy lists the versions of a module that it has. */
const SDK_VERSION = 'v0.2.7'

export type Built = { program: string } | { reason: string }

/** Standard library only. */
export function buildGo(handlers: string): Built {
  return build(handlers, (run) => run('build', '-o', 'main', '.'))
}

/** With the SDK of Function Compute. */
export function buildGoWithSdk(handlers: string): Built {
  return build(handlers, (run, folder) => {
    writeFileSync(join(folder, 'go.mod'), `module sluice.test/sdk\n\ngo 1.21\n\nrequire ${SDK} ${SDK_VERSION}\n`)
    run('get', `${SDK}@${SDK_VERSION}`)
    run('build', '-mod=mod', '-o', 'main', '.')
  })
}

function build(handlers: string, steps: (run: (...args: string[]) => void, folder: string) => void): Built {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-go-'))
  cpSync(handlers, folder, { recursive: true })
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GONOSUMDB: SDK }
  const run = (...args: string[]) =>
    void execFileSync('go', args, {
      cwd: folder,
      env,
      timeout: args[0] === 'get' ? DOWNLOAD_MS_MAX : STEP_MS_MAX,
      stdio: 'pipe',
    })
  try {
    steps(run, folder)
    return { program: join(folder, 'main') }
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer }
    const said = stderr?.toString().trim().split('\n').at(-1)
    return {
      reason: code === 'ENOENT' ? 'there is no go on PATH' : `go cannot build it: ${said ?? code ?? 'no reason'}`,
    }
  }
}
